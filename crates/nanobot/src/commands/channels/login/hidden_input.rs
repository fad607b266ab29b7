//! A terminal that does not show what is typed.

#[cfg(unix)]
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

/// Until it is dropped, the terminal does not show what is typed. Does nothing where the input is
/// no terminal.
pub(super) struct HiddenInput {
    #[cfg(unix)]
    before: Option<Termios>,
}

#[cfg(unix)]
impl HiddenInput {
    pub(super) fn begin() -> Self {
        let before = tcgetattr(std::io::stdin()).ok();
        if let Some(before) = &before {
            let mut hidden = before.clone();
            hidden.local_modes.remove(LocalModes::ECHO);
            set(&hidden);
        }
        Self { before }
    }
}

#[cfg(unix)]
impl Drop for HiddenInput {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            set(before);
        }
    }
}

/// Fails only if the terminal is gone, and then nobody can look at it.
#[cfg(unix)]
fn set(modes: &Termios) {
    let _ = tcsetattr(std::io::stdin(), OptionalActions::Flush, modes);
}

#[cfg(not(unix))]
impl HiddenInput {
    pub(super) fn begin() -> Self {
        crate::output::warning("what you type can be seen on this system");
        Self {}
    }
}
