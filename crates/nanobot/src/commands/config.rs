pub(super) mod path;
pub(super) mod schema;
pub(super) mod validate;
