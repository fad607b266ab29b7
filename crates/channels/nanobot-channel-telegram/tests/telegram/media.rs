use nanobot_channel::{AttachmentKind, Location};
use nanobot_test_support::{Incoming, Mischief};

use crate::support::Bench;

const LARGE: u64 = 21 * 1024 * 1024;

fn content(location: &Location) -> String {
    let Location::Path(path) = location else { panic!("a received file is on disk") };
    std::fs::read_to_string(path).unwrap()
}

#[tokio::test]
async fn photo_with_caption_arrives_with_its_largest_size() {
    let bench = Bench::new().await;
    bench.fake.add_file("photo", "photos/file_1.jpg", b"the photo", 9);
    let running = bench.start().await;
    bench.fake.receive(Incoming::from_person(7).with_photo("photo").with("caption", "look"));
    let message = bench.gateway.wait_for_messages(1).await.remove(0);
    assert_eq!(message.text, "look");
    let file = &message.attachments[0];
    assert_eq!(file.kind, AttachmentKind::Image);
    assert_eq!(content(&file.location), "the photo");
    assert_eq!(file.size_bytes, Some(9));
    running.stop().await;
}

#[tokio::test]
async fn each_kind_of_file_arrives_under_a_safe_name() {
    let bench = Bench::new().await;
    let kinds = [
        ("voice", None, AttachmentKind::Audio),
        ("audio", Some("song.mp3"), AttachmentKind::Audio),
        ("video", Some("film.mp4"), AttachmentKind::Video),
        ("video_note", None, AttachmentKind::Video),
        ("document", Some("../../../evil name.sh"), AttachmentKind::File),
    ];
    let running = bench.start().await;
    for (field, name, _) in kinds {
        bench.fake.add_file(field, &format!("files/{field}"), field.as_bytes(), 5);
        bench.fake.receive(Incoming::from_person(7).with_file(field, field, name, 5));
    }
    let messages = bench.gateway.wait_for_messages(kinds.len()).await;
    for ((field, _, kind), message) in kinds.into_iter().zip(messages) {
        let file = &message.attachments[0];
        assert_eq!(file.kind, kind);
        assert_eq!(content(&file.location), field);
        let Location::Path(path) = &file.location else { panic!("a path") };
        assert_eq!(path.parent(), Some(bench.media_dir().as_path()));
    }
    running.stop().await;
}

#[tokio::test]
async fn photos_of_a_group_are_one_message() {
    let bench = Bench::new().await;
    bench.fake.add_file("a", "photos/a.jpg", b"a", 1);
    bench.fake.add_file("b", "photos/b.jpg", b"b", 1);
    let running = bench.start().await;
    let photo = |id: &str| Incoming::from_person(7).with_photo(id).with("media_group_id", "g");
    let (first, _) = bench.fake.receive(photo("a").with("caption", "our trip"));
    let (last, _) = bench.fake.receive(photo("b"));
    bench.fake.person_writes(7, "after it");
    let messages = bench.gateway.wait_for_messages(2).await;
    assert_eq!(bench.gateway.texts(), ["our trip", "after it"]);
    let files: Vec<_> =
        messages[0].attachments.iter().map(|file| content(&file.location)).collect();
    assert_eq!(files, ["a", "b"]);
    assert_eq!(messages[0].event_id, Some(format!("{first}-{last}")));
    bench.fake.wait_until("all is confirmed", |fake| fake.pending_updates() == 0).await;
    running.stop().await;
}

#[tokio::test]
async fn file_of_a_stranger_is_not_fetched() {
    let bench = Bench::new().await;
    bench.gateway.allow_only(&["7"]);
    let running = bench.start().await;
    bench.fake.receive(Incoming::from_person(8).with_photo("photo").with("caption", "look"));
    bench.gateway.wait_until("the denial", |state| state.denied.len() == 1).await;
    assert!(bench.fake.calls_of("getFile").is_empty());
    running.stop().await;
}

#[tokio::test]
async fn agent_is_told_of_a_file_that_is_too_large() {
    let bench = Bench::new().await;
    let running = bench.start().await;
    let film = Incoming::from_person(7).with_file("video", "film", Some("film.mp4"), LARGE);
    bench.fake.receive(film.with("caption", "see"));
    let message = bench.gateway.wait_for_messages(1).await.remove(0);
    assert!(message.attachments.is_empty());
    assert_eq!(
        message.text,
        "see\n[film.mp4 was sent, but is too large: at most 20 MB are fetched]"
    );
    running.stop().await;
}

#[tokio::test]
async fn file_larger_than_said_is_not_kept() {
    let bench = Bench::new().await;
    bench.fake.add_file("film", "videos/film.mp4", &vec![0; LARGE as usize], 5);
    let running = bench.start().await;
    bench.fake.receive(Incoming::from_person(7).with_file("video", "film", None, 5));
    let message = bench.gateway.wait_for_messages(1).await.remove(0);
    assert!(message.attachments.is_empty());
    running.stop().await;
}

#[tokio::test]
async fn download_is_tried_again_after_a_broken_connection() {
    let bench = Bench::new().await;
    bench.fake.add_file("photo", "photos/file_1.jpg", b"the photo", 9);
    bench.fake.misbehave("getFile", Mischief::CutBefore);
    let running = bench.start().await;
    bench.fake.receive(Incoming::from_person(7).with_photo("photo"));
    let message = bench.gateway.wait_for_messages(1).await.remove(0);
    assert_eq!(message.attachments.len(), 1);
    running.stop().await;
}

#[tokio::test]
async fn local_server_that_names_a_path_on_this_disk_is_understood() {
    let bench = Bench::new().await;
    let path = bench.home.path().join("from-the-local-server.jpg");
    std::fs::write(&path, "the photo").unwrap();
    bench.fake.add_file("photo", path.to_str().unwrap(), b"", 9);
    let running = bench.start().await;
    bench.fake.receive(Incoming::from_person(7).with_photo("photo"));
    let message = bench.gateway.wait_for_messages(1).await.remove(0);
    assert_eq!(content(&message.attachments[0].location), "the photo");
    running.stop().await;
}
