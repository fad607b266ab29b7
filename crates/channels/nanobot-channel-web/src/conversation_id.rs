/// True for what may name a conversation or a message: `[A-Za-z0-9-]{1,64}`.
///
/// A conversation's id is also a file name, so nothing else may pass.
pub(crate) fn is_valid_id(id: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=64).contains(&id.len()) && id.bytes().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_could_leave_the_folder_are_not_valid() {
        for id in ["3f0c9a5e-77aa-4c1b-9d3e-000000000000", "a", "A-9"] {
            assert!(is_valid_id(id), "{id}");
        }
        for id in ["", ".", "..", "a/b", "a\\b", "a.b", "é", "a b", &"a".repeat(65)] {
            assert!(!is_valid_id(id), "{id}");
        }
    }
}
