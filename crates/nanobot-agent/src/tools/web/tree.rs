//! Parses a page whose author may mean harm.
//!
//! The parser looks through all open elements for many tags, so that a page of nothing but tags
//! that are never closed costs minutes; and whoever walks a tree calls itself for each level, where a
//! stack that overflows ends the whole program. Only the parser itself knows which elements are
//! open: what ends them depends on all that stands before.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use html5ever::tendril::TendrilSink;
use html5ever::tree_builder::{Tracer, TreeBuilderOpts};
use html5ever::{ParseOpts, Parser, parse_document};
use markup5ever_rcdom::{Node, RcDom};

/// Deepest nesting of a page that is read; browsers end at 512.
pub(super) const MAX_DEPTH: usize = 256;
/// Longest time for one page, which a page of people takes a hundredth of.
const MAX_TIME: Duration = Duration::from_secs(3);
/// Bytes between two looks at depth and time.
const STEP_BYTES: usize = 4 * 1024;

/// The tree of a page; none if it is nested too deep or takes too long.
pub(super) fn parse(page: &str) -> Option<Rc<Node>> {
    let tree_builder = TreeBuilderOpts { scripting_enabled: true, ..TreeBuilderOpts::default() };
    let options = ParseOpts { tree_builder, ..ParseOpts::default() };
    let mut parser = parse_document(RcDom::default(), options);
    let deadline = Instant::now() + MAX_TIME;
    let mut rest = page;
    while !rest.is_empty() {
        let (step, after) = rest.split_at(rest.floor_char_boundary(STEP_BYTES));
        parser.process(step.into());
        rest = after;
        if open_elements(&parser) > MAX_DEPTH || Instant::now() > deadline {
            return None;
        }
    }
    let tree = parser.finish().document;
    (depth(&tree) <= MAX_DEPTH).then_some(tree)
}

/// How many elements the parser would look through.
fn open_elements(parser: &Parser<RcDom>) -> usize {
    #[derive(Default)]
    struct Count(Cell<usize>);
    impl Tracer for Count {
        type Handle = Rc<Node>;

        fn trace_handle(&self, _: &Rc<Node>) {
            self.0.set(self.0.get() + 1);
        }
    }
    let count = Count::default();
    parser.tokenizer.sink.trace_handles(&count);
    count.0.get()
}

/// The number of levels, counted one after another.
fn depth(tree: &Rc<Node>) -> usize {
    let mut level = vec![Rc::clone(tree)];
    let mut depth = 0;
    while !level.is_empty() {
        depth += 1;
        level = level.iter().flat_map(|node| node.children.borrow().clone()).collect();
    }
    depth
}
