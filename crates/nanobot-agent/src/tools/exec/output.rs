//! Keeps the head and the tail of an output of any length.

use std::collections::VecDeque;

use tokio::io::{AsyncRead, AsyncReadExt};

/// A bounded output.
#[derive(Debug)]
pub(super) struct Output {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    half: usize,
    left_out: usize,
}

impl Output {
    pub(super) fn new(max_bytes: usize) -> Self {
        Self { head: Vec::new(), tail: VecDeque::new(), half: max_bytes / 2, left_out: 0 }
    }

    /// Reads until the end; what is kept stays when this is dropped in between.
    pub(super) async fn read(&mut self, mut source: impl AsyncRead + Unpin) {
        let mut block = vec![0; 8 * 1024];
        // A pipe that breaks has said what it had to say.
        while let Ok(count @ 1..) = source.read(&mut block).await {
            self.take(&block[..count]);
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        let room = self.half - self.head.len();
        let (head, rest) = bytes.split_at(bytes.len().min(room));
        self.head.extend_from_slice(head);
        self.tail.extend(rest);
        let excess = self.tail.len().saturating_sub(self.half);
        self.tail.drain(..excess);
        self.left_out += excess;
    }

    pub(super) fn into_text(mut self) -> String {
        let head = String::from_utf8_lossy(&self.head).into_owned();
        let tail = String::from_utf8_lossy(self.tail.make_contiguous()).into_owned();
        if self.left_out == 0 {
            return head + &tail;
        }
        format!("{head}\n\n[… {} bytes left out …]\n\n{tail}", self.left_out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn head_and_tail_are_kept() {
        let mut output = Output::new(4);
        for piece in ["a", "bc", "defgh", "ij"] {
            output.take(piece.as_bytes());
        }
        assert_eq!(output.into_text(), "ab\n\n[… 6 bytes left out …]\n\nij");
        let mut output = Output::new(10);
        output.take(b"abcdefghij");
        assert_eq!(output.into_text(), "abcdefghij");
    }
}
