//! Finds the places of keys and values in the text.

use jsonc_parser::ast::{Object, ObjectProp, Value};
use jsonc_parser::common::Ranged;

use super::syntax;
use crate::error::Position;
use crate::key_path::{KeyPath, Segment};
use crate::spelling::same_key;

/// The text with the places of everything in it.
pub(crate) struct Locator<'a> {
    text: &'a str,
    tree: Option<Value<'a>>,
}

impl<'a> Locator<'a> {
    pub(crate) fn new(text: &'a str) -> Locator<'a> {
        let tree = syntax::tree(text).ok().flatten();
        Locator { text, tree }
    }

    /// Returns where the value at `path` begins.
    pub(crate) fn value(&self, path: &KeyPath) -> Option<Position> {
        let node = path.segments().iter().try_fold(self.tree.as_ref()?, child)?;
        Some(self.position(node.start()))
    }

    /// Returns where the key that ends `path` begins.
    pub(crate) fn key(&self, path: &KeyPath) -> Option<Position> {
        let (last, parents) = path.segments().split_last()?;
        let parent = parents.iter().try_fold(self.tree.as_ref()?, child)?;
        let Segment::Key(key) = last else {
            return self.value(path);
        };
        Some(self.position(property(parent.as_object()?, key)?.start()))
    }

    /// Returns where the innermost value around `path` begins, for what is not in the text itself.
    pub(crate) fn around(&self, path: &KeyPath) -> Option<Position> {
        let mut node = self.tree.as_ref()?;
        for segment in path.segments() {
            match child(node, segment) {
                Some(inner) => node = inner,
                None => break,
            }
        }
        Some(self.position(node.start()))
    }

    fn position(&self, offset: usize) -> Position {
        let before = &self.text[..offset];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Position {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

fn child<'t, 'a>(node: &'t Value<'a>, segment: &Segment) -> Option<&'t Value<'a>> {
    match segment {
        Segment::Key(key) => property(node.as_object()?, key).map(|property| &property.value),
        Segment::Index(index) => node.as_array()?.elements.get(*index),
    }
}

/// Finds a key as typed, or else in its other spelling; of a repeated key the last one counts.
fn property<'t, 'a>(object: &'t Object<'a>, key: &str) -> Option<&'t ObjectProp<'a>> {
    let last_where = |matches: &dyn Fn(&str) -> bool| {
        let mut properties = object.properties.iter().rev();
        properties.find(|property| matches(property.name.as_str()))
    };
    last_where(&|name| name == key).or_else(|| last_where(&|name| same_key(name, key)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_in_lines_and_characters() {
        let text = "{\n  // 日本\n  \"ä\": {\"send_it\": [1, 22]}, \"a\": 0,\n  \"a\": 1\n}";
        let locator = Locator::new(text);
        for (path, value, key) in [
            (KeyPath::of(["ä"]), (3, 8), (3, 3)),
            (KeyPath::of(["ä", "sendIt"]), (3, 20), (3, 9)),
            (KeyPath::of(["ä", "sendIt"]).index(1), (3, 24), (3, 24)),
            (KeyPath::of(["a"]), (4, 8), (4, 3)),
        ] {
            let place = |position: Option<Position>| position.map(|p| (p.line, p.column));
            assert_eq!(place(locator.value(&path)), Some(value), "value of {path}");
            assert_eq!(place(locator.key(&path)), Some(key), "key of {path}");
        }
        assert_eq!(locator.value(&KeyPath::of(["missing"])), None);
        let around = locator.around(&KeyPath::of(["ä", "other"]));
        assert_eq!(around.map(|p| p.line), Some(3));
    }
}
