pub(super) mod describe;
pub(super) mod install;
pub(super) mod list;
pub(super) mod new;
pub(super) mod remove;
pub(super) mod test;
