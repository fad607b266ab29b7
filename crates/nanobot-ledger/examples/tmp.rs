use std::sync::Arc;
use std::time::{Duration, Instant};
use std::io::Write;
use nanobot_channel::*;
use nanobot_ledger::*;
fn inb(s: &str) -> InboundEntry {
    InboundEntry { id: new_id(), channel: "webhook".into(), session: s.into(), received_ms: now_ms(), message: InboundMessage::new("ada", s, "x".repeat(400)).with_event_id(new_id()) }
}
fn p(v: &mut Vec<Duration>, q: f64) -> Duration { v.sort(); v[((v.len() - 1) as f64 * q) as usize] }
#[tokio::main(worker_threads = 2)]
async fn main() {
    let mut f = tempfile::tempfile().unwrap();
    let mut v: Vec<Duration> = (0..300).map(|_| { let a = Instant::now(); f.write_all(&[1; 4096]).unwrap(); f.sync_data().unwrap(); a.elapsed() }).collect();
    println!("raw fdatasync p50 {:?} p99 {:?}", p(&mut v, 0.5), p(&mut v, 0.99));
    for tasks in [1usize, 16, 64] {
        let dir = tempfile::tempdir().unwrap();
        let l = Arc::new(SqliteLedger::open(SqliteOptions { waiting: usize::MAX, waiting_per_session: usize::MAX, ..SqliteOptions::new(dir.path().join("l.sqlite")) }).await.unwrap());
        let n = if tasks == 1 { 2000 } else { 30000 };
        let a = Instant::now();
        let mut js = tokio::task::JoinSet::new();
        for t in 0..tasks { let l = l.clone(); js.spawn(async move { let s = format!("w:{t}"); let mut v = vec![]; for _ in 0..n / tasks { let e = inb(&s); let a = Instant::now(); l.accept(e).await.unwrap(); v.push(a.elapsed()); } v }); }
        let mut v = vec![]; while let Some(r) = js.join_next().await { v.extend(r.unwrap()); }
        let el = a.elapsed();
        println!("accept {tasks}: {:.0}/s p50 {:?} p99 {:?} max {:?}", v.len() as f64 / el.as_secs_f64(), p(&mut v, 0.5), p(&mut v, 0.99), p(&mut v, 1.0));
    }
    for tasks in [1usize, 64] {
        let dir = tempfile::tempdir().unwrap();
        let l = Arc::new(SqliteLedger::open(SqliteOptions::new(dir.path().join("l.sqlite"))).await.unwrap());
        let n = if tasks == 1 { 1000 } else { 10000 };
        let a = Instant::now();
        let mut js = tokio::task::JoinSet::new();
        for t in 0..tasks { let l = l.clone(); js.spawn(async move { let mut v = vec![]; for i in 0..n / tasks {
            let s = format!("w:{t}:{}", i / 32); let e = inb(&s);
            let m = OutboundMessage { delivery_id: new_id(), chat_id: s.clone(), thread_id: None, text: "y".repeat(400), kind: OutboundKind::Final, attachments: vec![], reply_to: None, attempt: 1, metadata: Default::default() };
            let id = m.delivery_id.clone();
            let h = format!(r#"{{"role":"user","content":"{}"}}"#, "x".repeat(400));
            let tc = TurnCommit { inbound_id: e.id.clone(), session: s.clone(), history: vec![h.clone(), h], outbound: vec![OutboundEntry { channel: "webhook".into(), message: m }] };
            let mut d = [Duration::ZERO; 6]; let z = Instant::now();
            macro_rules! time { ($k:expr, $e:expr) => {{ let a = Instant::now(); $e.await.unwrap(); d[$k] = a.elapsed(); }} }
            time!(0, l.accept(e)); time!(1, l.claim(&s)); time!(2, l.commit_turn(tc)); time!(3, l.begin_delivery(&id)); time!(4, l.settle(&id, Settlement::Delivered(Receipt::with_id("1")))); d[5] = z.elapsed(); v.push(d);
        } v }); }
        let mut v = vec![]; while let Some(r) = js.join_next().await { v.extend(r.unwrap()); }
        let el = a.elapsed();
        let q: Vec<_> = (0..6).map(|k| p(&mut v.iter().map(|d| d[k]).collect(), 0.5)).collect();
        println!("whole way {tasks}: {:.0}/s p50 of accept claim commit begin settle all {q:?}, all p99 {:?}", v.len() as f64 / el.as_secs_f64(), p(&mut v.iter().map(|d| d[5]).collect(), 0.99));
    }
}
