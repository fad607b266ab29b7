//! One tool of a server.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rmcp::ServiceError;
use rmcp::model::{CallToolRequestParams, CallToolResult};
use serde_json::{Map, Value};

use crate::provider::ToolSpec;
use crate::tool::{Arguments, Tool, ToolContext, ToolError};

use super::server::Server;

/// Longest name that providers take.
const MAX_NAME_CHARS: usize = 64;
/// Longest time to bring a server up again for a call.
const RECONNECT_PATIENCE: Duration = Duration::from_secs(15);

/// A tool as the model sees it.
pub(super) struct McpTool {
    server: Arc<Server>,
    /// Its name at the server.
    own_name: String,
    spec: ToolSpec,
    is_read_only: bool,
}

/// The name of a tool for the model.
pub(super) fn name_for(server: &str, tool: &str) -> String {
    let is_plain = |letter: &char| letter.is_ascii_alphanumeric() || ['_', '-'].contains(letter);
    let name = format!("mcp_{server}_{tool}");
    let plain = name.chars().map(|letter| if is_plain(&letter) { letter } else { '_' });
    plain.take(MAX_NAME_CHARS).collect()
}

impl McpTool {
    pub(super) fn new(server: &Arc<Server>, tool: &rmcp::model::Tool) -> Self {
        let hints = tool.annotations.as_ref();
        Self {
            server: Arc::clone(server),
            own_name: tool.name.to_string(),
            spec: ToolSpec {
                name: name_for(&server.name, &tool.name),
                description: tool.description.as_deref().unwrap_or_default().to_owned(),
                parameters: schema(&tool.input_schema),
            },
            is_read_only: hints.and_then(|hints| hints.read_only_hint).unwrap_or(false),
        }
    }
}

/// Some servers leave the properties out, and some providers want them.
fn schema(given: &Map<String, Value>) -> Value {
    let mut schema = given.clone();
    schema.entry("type").or_insert_with(|| "object".into());
    schema.entry("properties").or_insert_with(|| Value::Object(Map::new()));
    Value::Object(schema)
}

#[async_trait]
impl Tool for McpTool {
    fn spec(&self) -> ToolSpec {
        self.spec.clone()
    }

    fn is_read_only(&self) -> bool {
        self.is_read_only
    }

    async fn call(&self, arguments: &Arguments, _: &ToolContext<'_>) -> Result<String, ToolError> {
        let server = &self.server;
        let connection = server.connection_within(RECONNECT_PATIENCE).await.ok_or_else(|| {
            ToolError::new(format!("the MCP server `{}` is not reachable now", server.name))
        })?;
        let request = CallToolRequestParams::new(self.own_name.clone())
            .with_arguments(arguments.values().clone());
        let limit = Duration::from_secs(server.config.tool_timeout.max(1).into());
        // Dropping the call at its limit tells the server to give it up.
        match tokio::time::timeout(limit, connection.client.call_tool(request)).await {
            Ok(Ok(result)) => outcome(&result),
            Ok(Err(error)) => Err(failure(&server.name, &error)),
            Err(_) => Err(ToolError::new(format!(
                "the MCP server `{}` did not answer within {} seconds",
                server.name,
                limit.as_secs()
            ))),
        }
    }
}

fn failure(server: &str, error: &ServiceError) -> ToolError {
    match error {
        ServiceError::McpError(error) => ToolError::new(error.message.to_string()),
        _ => ToolError::new(format!(
            "the connection to the MCP server `{server}` broke; whether the call was done is not \
             known"
        )),
    }
}

fn outcome(result: &CallToolResult) -> Result<String, ToolError> {
    let blocks: Vec<String> = result
        .content
        .iter()
        .filter_map(|block| serde_json::to_value(block).ok())
        .map(|block| describe(&block))
        .collect();
    let mut text = blocks.join("\n");
    if let Some(structured) = result.structured_content.as_ref().filter(|_| text.is_empty()) {
        text = structured.to_string();
    }
    if text.is_empty() {
        "(no output)".clone_into(&mut text);
    }
    if result.is_error == Some(true) { Err(ToolError::new(text)) } else { Ok(text) }
}

/// A part of a result as text; what is no text is only named.
fn describe(block: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match block["type"].as_str().unwrap_or_default() {
        "text" => text(&block["text"]),
        kind @ ("image" | "audio") => {
            let size = block["data"].as_str().map_or(0, str::len) / 4 * 3;
            format!("[{kind}: {}, about {size} bytes]", text(&block["mimeType"]))
        }
        "resource" if block["resource"]["text"].is_string() => text(&block["resource"]["text"]),
        "resource" => format!("[resource: {}]", text(&block["resource"]["uri"])),
        "resource_link" => format!("[resource: {}]", text(&block["uri"])),
        _ => block.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_what_providers_take() {
        assert_eq!(name_for("files", "read_text"), "mcp_files_read_text");
        assert_eq!(name_for("my server", "a.b/c"), "mcp_my_server_a_b_c");
        assert_eq!(name_for("x", &"y".repeat(100)).len(), 64);
    }

    #[test]
    fn parts_of_results_become_text() {
        let image = json!({"type": "image", "mimeType": "image/png", "data": "AAAA"});
        assert_eq!(describe(&image), "[image: image/png, about 3 bytes]");
        let resource = json!({"type": "resource", "resource": {"uri": "file:///a", "text": "tea"}});
        assert_eq!(describe(&resource), "tea");
        let link = json!({"type": "resource_link", "uri": "file:///a", "name": "a"});
        assert_eq!(describe(&link), "[resource: file:///a]");
    }
}
