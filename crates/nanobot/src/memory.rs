//! Keeps memory while a gateway works, and gives back what one at rest has no use for.
//!
//! A start runs through much code that is not run again, and around each page of it the kernel maps
//! another 64 KiB: most of what a young process holds are pages of its own executable. Without them the
//! process is as fast as before. What it still needs comes back from the page cache within microseconds,
//! and the rest is the first that the system takes when it is short of memory.

use std::convert::Infallible;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::sleep;

/// When a start is over, the preparation of the model included.
const AFTER_START: Duration = Duration::from_secs(1);
/// Pause between two times. Each costs a busy gateway less than a millisecond.
const EVERY: Duration = Duration::from_secs(60);

/// Gives memory back after the start, and again and again, as long as this is polled. Until then what
/// was freed is kept: work needs it again soon.
pub(crate) async fn give_back_regularly() -> Infallible {
    platform::keep_freed();
    sleep(AFTER_START).await;
    loop {
        // A panic there would be reported; without the memory the gateway goes on.
        let _ = spawn_blocking(platform::give_back).await;
        sleep(EVERY).await;
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    pub(super) fn keep_freed() {}

    pub(super) fn give_back() {}
}

#[cfg(target_os = "linux")]
mod platform {
    use std::ffi::c_void;
    use std::fs;
    use std::ops::Range;

    use rustix::mm::{Advice, madvise};

    /// Freed memory that each part of the heap keeps.
    #[cfg(target_env = "gnu")]
    const KEPT_BYTES: i32 = 2 << 20;
    /// Smaller pieces come from the heap, larger ones from the kernel and back to it.
    #[cfg(target_env = "gnu")]
    const LARGE_BYTES: i32 = 1 << 20;

    /// Has the allocator not return freed memory after each message, and ask for it with the next. By
    /// itself it learns that only from a large piece that is freed, which a start may not have.
    #[cfg(target_env = "gnu")]
    pub(super) fn keep_freed() {
        for (setting, bytes) in
            [(libc::M_TRIM_THRESHOLD, KEPT_BYTES), (libc::M_MMAP_THRESHOLD, LARGE_BYTES)]
        {
            #[expect(unsafe_code, reason = "glibc offers no other way")]
            // SAFETY: mallopt(3) takes two numbers, and these settings change only what is asked later.
            unsafe {
                libc::mallopt(setting, bytes);
            }
        }
    }

    #[cfg(not(target_env = "gnu"))]
    pub(super) fn keep_freed() {}

    /// Unmaps the code of the executable, and returns what the allocator holds without need.
    pub(super) fn give_back() {
        for mapping in code_of_this_program() {
            advise(&mapping, Advice::LinuxDontNeed);
        }
        trim_heap();
    }

    #[cfg(target_env = "gnu")]
    fn trim_heap() {
        #[expect(unsafe_code, reason = "glibc offers no other way")]
        // SAFETY: malloc_trim(3) may be called at any time by any thread.
        unsafe {
            libc::malloc_trim(0);
        }
    }

    #[cfg(not(target_env = "gnu"))]
    fn trim_heap() {}

    pub(super) fn advise(mapping: &Range<usize>, advice: Advice) {
        let start = std::ptr::with_exposed_provenance_mut::<c_void>(mapping.start);
        #[expect(unsafe_code, reason = "nothing else speaks of pages")]
        // SAFETY: the mapping is read-only and private, and nothing in it was ever changed: each page
        // that is gone is read again from the file.
        let advised = unsafe { madvise(start, mapping.len(), advice) };
        if let Err(error) = advised {
            tracing::debug!(%error, "cannot advise the kernel about memory");
        }
    }

    /// Where code and constants of the executable are mapped, by proc_pid_maps(5).
    pub(super) fn code_of_this_program() -> Vec<Range<usize>> {
        let program = fs::read_link("/proc/self/exe");
        let (Ok(program), Ok(maps)) = (program, fs::read_to_string("/proc/self/maps")) else {
            return Vec::new();
        };
        let program = program.to_string_lossy();
        let is_program = |line: &&str| line.find('/').is_some_and(|at| line[at..] == program);
        maps.lines().filter(is_program).filter_map(unchanging).collect()
    }

    /// The range of a line of `maps`, if the loader writes nothing there. Constants with addresses in
    /// them are read-only, too, but were changed: they have a mapping of their own, further on in the
    /// file.
    fn unchanging(line: &str) -> Option<Range<usize>> {
        let mut fields = line.split_ascii_whitespace();
        let (range, rights, offset) = (fields.next()?, fields.next()?, fields.next()?);
        let is_unchanging = match rights {
            "r-xp" => true,
            "r--p" => u64::from_str_radix(offset, 16).ok()? == 0,
            _ => false,
        };
        let (start, end) = range.split_once('-')?;
        let address = |digits| usize::from_str_radix(digits, 16).ok();
        is_unchanging.then_some(address(start)?..address(end)?)
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn only_mappings_that_the_loader_leaves_alone_are_given_back() {
            let range = |rights, offset| {
                unchanging(&format!("7f00-8f00 {rights} {offset} fd:00 42    /usr/bin/nanobot"))
            };
            assert_eq!(range("r--p", "00000000"), Some(0x7f00..0x8f00));
            assert_eq!(range("r-xp", "005ae000"), Some(0x7f00..0x8f00));
            for (rights, offset) in [("r--p", "011f3000"), ("rw-p", "00000000"), ("rwxp", "0")] {
                assert_eq!(range(rights, offset), None, "{rights} {offset}");
            }
        }

        #[test]
        fn the_code_leaves_the_memory_and_comes_back_when_it_runs() {
            let code = code_of_this_program();
            assert!(!code.is_empty());
            for mapping in &code {
                advise(mapping, Advice::LinuxPopulateRead);
            }
            let before = resident(&code);
            give_back();
            assert!(resident(&code) < before / 2, "{before} kB before");
        }

        /// How much of these mappings is in memory, in kB.
        fn resident(code: &[Range<usize>]) -> u64 {
            let smaps = fs::read_to_string("/proc/self/smaps").unwrap();
            let starts: Vec<String> = code.iter().map(|it| format!("{:x}-", it.start)).collect();
            let mut is_code = false;
            let mut sum = 0;
            for line in smaps.lines() {
                let is_headline = line.split(' ').next().is_some_and(|word| !word.ends_with(':'));
                if is_headline {
                    is_code = starts.iter().any(|start| line.starts_with(start));
                }
                if let (true, Some(size)) = (is_code, line.strip_prefix("Rss:")) {
                    sum += size.trim().trim_end_matches(" kB").parse::<u64>().unwrap();
                }
            }
            sum
        }
    }
}
