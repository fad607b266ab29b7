use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::book::Book;
use crate::client;

/// Messages of one chat that may wait for their replies.
const WINDOW: usize = 4;
/// Messages after which a lane goes on in a new chat, so that no history becomes long.
const MESSAGES_PER_CHAT: usize = 40;
/// Pause before a message is sent again.
const PAUSE: Duration = Duration::from_millis(15);

/// People who write, each in one chat at a time, without waiting for each reply.
pub(crate) struct Chats {
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Chats {
    pub(crate) fn start(count: usize, port: u16, book: &Arc<Book>) -> Self {
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        for lane in 0..count {
            let (book, stop) = (Arc::clone(book), stop.clone());
            tasks.spawn(async move { write(lane, port, &book, &stop).await });
        }
        Self { tasks, stop }
    }

    /// Lets each send what it has begun to send, until that is accepted.
    pub(crate) async fn finish(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

async fn write(lane: usize, port: u16, book: &Book, stop: &CancellationToken) {
    for number in 0.. {
        let chat = format!("chat-{lane}-{}", number / MESSAGES_PER_CHAT);
        let has_room = book.wait_until(|pages| pages.waiting_in(&chat) < WINDOW);
        if stop.is_cancelled() || stop.run_until_cancelled(has_room).await.is_none() {
            return;
        }
        send(&chat, &format!("{chat}#{number}"), port, book).await;
    }
}

/// Sends until the message is accepted, always with the same event id.
async fn send(chat: &str, message: &str, port: u16, book: &Book) {
    loop {
        match client::post(port, chat, message).await {
            Ok(answer) if answer.status == 200 => {
                return book.change(|pages| {
                    pages.recognised += usize::from(answer.is_duplicate);
                    pages.accepted.entry(chat.to_owned()).or_default().push(message.to_owned());
                });
            }
            _ => book.change(|pages| pages.resent += 1),
        }
        tokio::time::sleep(PAUSE).await;
    }
}
