use std::fs::OpenOptions;
use std::io;
use std::os::fd::OwnedFd;
use std::pin::Pin;

use rustix::io::fcntl_dupfd_cloexec;
use rustix::stdio;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::unix::pipe;

/// Lowest number for the moved descriptors, out of the way of the standard ones.
const FIRST_FD: i32 = 3;

/// The two pipes of the link, moved away from the standard streams.
pub(crate) struct LinkPipes {
    read: OwnedFd,
    write: OwnedFd,
}

impl LinkPipes {
    /// Takes the link for itself: from here on `println!` goes to stderr, reading stdin finds its
    /// end, and child processes inherit neither pipe.
    pub(crate) fn take() -> io::Result<Self> {
        let read = fcntl_dupfd_cloexec(stdio::stdin(), FIRST_FD)?;
        let write = fcntl_dupfd_cloexec(stdio::stdout(), FIRST_FD)?;
        let nothing = OpenOptions::new().read(true).open("/dev/null")?;
        stdio::dup2_stdin(&nothing)?;
        stdio::dup2_stdout(stdio::stderr())?;
        Ok(Self { read, write })
    }

    /// To be called inside the runtime.
    pub(crate) fn open(self) -> io::Result<(ReadEnd, WriteEnd)> {
        Ok((read_end(self.read)?, write_end(self.write)?))
    }
}

pub(crate) type ReadEnd = Pin<Box<dyn AsyncRead + Send>>;
pub(crate) type WriteEnd = Pin<Box<dyn AsyncWrite + Send>>;

/// A pipe is waited for by the runtime itself; anything else, a file or a terminal of somebody who
/// looks how plugins work, by a thread.
fn read_end(fd: OwnedFd) -> io::Result<ReadEnd> {
    match pipe::Receiver::from_owned_fd(fd.try_clone()?) {
        Ok(pipe) => Ok(Box::pin(pipe)),
        Err(_) => Ok(Box::pin(tokio::fs::File::from_std(fd.into()))),
    }
}

fn write_end(fd: OwnedFd) -> io::Result<WriteEnd> {
    match pipe::Sender::from_owned_fd(fd.try_clone()?) {
        Ok(pipe) => Ok(Box::pin(pipe)),
        Err(_) => Ok(Box::pin(tokio::fs::File::from_std(fd.into()))),
    }
}
