use super::*;

const NO_BOUND: u64 = u64::MAX;

fn draft(id: &str, text: &str) -> Draft {
    Draft {
        id: id.to_owned(),
        from: Author::Agent,
        text: text.to_owned(),
        outcome: None,
        files: Vec::new(),
    }
}

fn texts(transcript: &Transcript) -> Vec<String> {
    let entries = transcript.read().unwrap();
    entries.into_iter().map(|entry| entry.draft.text).collect()
}

#[test]
fn torn_last_line_is_dropped_and_the_next_message_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jsonl");
    let mut transcript = Transcript::create(path.clone(), "Title".into()).unwrap();
    transcript.append(draft("1", "one"), NO_BOUND).unwrap();
    let mut file = OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(b"{\"seq\":99,\"id\":\"2\",\"fro").unwrap();

    let mut transcript = Transcript::load(path).unwrap().unwrap();
    transcript.append(draft("2", "two"), NO_BOUND).unwrap();
    assert_eq!(texts(&transcript), ["one", "two"]);
}

#[test]
fn known_id_is_not_written_again_after_loading() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jsonl");
    let mut transcript = Transcript::create(path.clone(), "Title".into()).unwrap();
    transcript.append(draft("1", "one"), NO_BOUND).unwrap();
    let first = transcript.last_seq();

    let mut transcript = Transcript::load(path).unwrap().unwrap();
    let again = transcript.append(draft("1", "one"), NO_BOUND).unwrap();
    assert!(matches!(again, Appended::Known(seq) if seq == first));
    assert_eq!(texts(&transcript), ["one"]);
}

#[test]
fn numbers_grow_even_within_one_millisecond() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jsonl");
    let mut transcript = Transcript::create(path, "Title".into()).unwrap();
    for id in 0..20 {
        let text = draft(&id.to_string(), "text");
        transcript.append(text, NO_BOUND).unwrap();
    }
    let numbers: Vec<_> = transcript.read().unwrap().iter().map(|e| e.seq).collect();
    assert!(numbers.is_sorted_by(|a, b| a < b));
}

#[test]
fn full_file_loses_its_oldest_half_and_keeps_its_title() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jsonl");
    let mut transcript = Transcript::create(path.clone(), "Title".into()).unwrap();
    for id in 0..100 {
        let text = draft(&id.to_string(), &"x".repeat(100));
        transcript.append(text, 4096).unwrap();
    }
    assert!(fs::metadata(&path).unwrap().len() <= 4096);
    assert_eq!(title_in(&path).unwrap().as_deref(), Some("Title"));
    let ids: Vec<_> = transcript.read().unwrap().into_iter().map(|e| e.draft.id).collect();
    assert_eq!(ids.last().map(String::as_str), Some("99"));
    assert!(ids.len() > 5);
}

#[test]
fn renaming_keeps_the_messages() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jsonl");
    let mut transcript = Transcript::create(path.clone(), "Old".into()).unwrap();
    transcript.append(draft("1", "one"), NO_BOUND).unwrap();
    transcript.rename("New".into()).unwrap();
    transcript.append(draft("2", "two"), NO_BOUND).unwrap();
    let transcript = Transcript::load(path).unwrap().unwrap();
    assert_eq!(transcript.title(), "New");
    assert_eq!(texts(&transcript), ["one", "two"]);
}
