//! Runs the tools that a model asks for in one answer.

use futures_util::StreamExt;
use futures_util::stream::iter;

use crate::record::Record;
use crate::tool::{ToolContext, Toolbox};
use crate::tool_call::ToolCall;

/// Calls that run side by side; a page of the web may take some memory.
const MAX_AT_ONCE: usize = 8;

/// Runs all calls; whether any of them was understood.
///
/// Calls that only read run side by side, in groups; the others wait for all before them, because
/// their order may matter.
pub(crate) async fn run_calls(
    calls: &[ToolCall],
    toolbox: &Toolbox,
    cx: &ToolContext<'_>,
    record: &mut Record,
) -> bool {
    let mut any_understood = false;
    let round = record.round_count();
    let mut start = 0;
    while start < calls.len() {
        let readers =
            calls[start..].iter().take_while(|call| toolbox.is_read_only(call)).count().max(1);
        let group = &calls[start..start + readers];
        let calls: Vec<_> =
            (start..)
                .zip(group)
                .map(|(index, call)| async move {
                    (index, toolbox.run(call, &cx.at(round, index)).await)
                })
                .collect();
        let mut running = iter(calls).buffer_unordered(MAX_AT_ONCE);
        while let Some((index, ran)) = running.next().await {
            any_understood |= ran.was_understood;
            record.set_result(index, ran.result);
        }
        start += readers;
    }
    any_understood
}
