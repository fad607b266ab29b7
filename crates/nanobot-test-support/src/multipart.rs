use serde_json::{Map, Value};

/// A file that was uploaded with a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadedFile {
    /// The parameter.
    pub field: String,
    /// The name of the file.
    pub name: String,
    /// Its media type, if one was said.
    pub mime: Option<String>,
    /// What is in it.
    pub content: Vec<u8>,
}

/// The boundary that a content type names.
pub(crate) fn boundary(content_type: &str) -> Option<&str> {
    let rest = content_type.strip_prefix("multipart/form-data;")?;
    rest.trim().strip_prefix("boundary=").map(|boundary| boundary.trim_matches('"'))
}

/// Parts without a file name are parameters. See RFC 7578.
pub(crate) fn parse(
    boundary: &str,
    body: &[u8],
) -> Result<(Map<String, Value>, Vec<UploadedFile>), String> {
    let delimiter = format!("\r\n--{boundary}");
    let mut rest = body
        .strip_prefix(&delimiter.as_bytes()[2..])
        .ok_or("the body does not start with the boundary")?;
    let (mut params, mut files) = (Map::new(), Vec::new());
    while let Some(part) = rest.strip_prefix(b"\r\n") {
        let end = find(part, delimiter.as_bytes()).ok_or("a part has no end")?;
        let part_end = &part[..end];
        let blank = find(part_end, b"\r\n\r\n").ok_or("a part has no headers")?;
        let headers = String::from_utf8_lossy(&part_end[..blank]).into_owned();
        let content = &part_end[blank + 4..];
        let field = attribute(&headers, "name").ok_or("a part has no name")?;
        match attribute(&headers, "filename") {
            Some(name) => files.push(UploadedFile {
                field,
                name,
                mime: media_type(&headers),
                content: content.to_vec(),
            }),
            None => {
                params.insert(field, String::from_utf8_lossy(content).into_owned().into());
            }
        }
        rest = &part[end + delimiter.len()..];
    }
    if rest.starts_with(b"--") { Ok((params, files)) } else { Err("the body has no end".into()) }
}

fn find(text: &[u8], pattern: &[u8]) -> Option<usize> {
    text.windows(pattern.len()).position(|window| window == pattern)
}

fn attribute(headers: &str, name: &str) -> Option<String> {
    let start = headers.find(&format!("; {name}=\""))? + name.len() + 4;
    headers[start..].split('"').next().map(str::to_owned)
}

fn media_type(headers: &str) -> Option<String> {
    let line = headers.lines().find(|line| line.to_ascii_lowercase().starts_with("content-type:"));
    line.and_then(|line| line.split_once(':')).map(|(_, kind)| kind.trim().to_owned())
}
