//! A disk that fails and waits on demand.
//!
//! SQLite reaches the disk through a table of functions for each file. Here the system's own tables
//! are copied, with two functions replaced: write and sync. So everything else, and everything above,
//! is what runs in production. It becomes the default of the process; the tests take turns.
#![expect(unsafe_code, reason = "SQLite's interface to the disk is one of C")]

use std::collections::HashMap;
use std::ffi::{c_int, c_void};
use std::sync::{Condvar, LazyLock, Mutex, MutexGuard};

use rusqlite::ffi::{self, sqlite3_file, sqlite3_io_methods, sqlite3_vfs};
use tokio::sync::Notify;

static DISK: LazyLock<Disk> = LazyLock::new(|| {
    install();
    Disk::default()
});
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
static TABLES: LazyLock<Mutex<HashMap<usize, usize>>> = LazyLock::new(Mutex::default);

/// What the disk does; for the log files of ledgers.
#[derive(Default)]
pub(crate) struct Disk {
    state: Mutex<State>,
    released: Condvar,
    sync_began: Notify,
}

#[derive(Default, Clone, Copy)]
struct State {
    syncs: usize,
    holds_syncs: bool,
    write_result: c_int,
    sync_result: c_int,
    is_read_only: bool,
}

/// The disk, healthy, until this is dropped.
pub(crate) struct Turn {
    disk: &'static Disk,
    _turn: tokio::sync::MutexGuard<'static, ()>,
}

pub(crate) async fn take() -> Turn {
    let turn = TURN.lock().await;
    DISK.set(|state| *state = State::default());
    Turn { disk: &DISK, _turn: turn }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.release_syncs();
        self.disk.set(|state| *state = State::default());
    }
}

impl Turn {
    /// Finished syncs so far.
    pub(crate) fn syncs(&self) -> usize {
        self.disk.state().syncs
    }

    /// From now on a sync waits until it is released.
    pub(crate) fn hold_syncs(&self) {
        self.disk.set(|state| state.holds_syncs = true);
    }

    pub(crate) fn release_syncs(&self) {
        self.disk.set(|state| state.holds_syncs = false);
        self.disk.released.notify_all();
    }

    /// Waits until a sync is held.
    pub(crate) async fn sync_began(&self) {
        self.disk.sync_began.notified().await;
    }

    pub(crate) fn fill_up(&self) {
        self.disk.set(|state| state.write_result = ffi::SQLITE_FULL);
    }

    pub(crate) fn fail_syncs(&self) {
        self.disk.set(|state| state.sync_result = ffi::SQLITE_IOERR_FSYNC);
    }

    /// Files are opened for reading only.
    pub(crate) fn protect(&self) {
        self.disk.set(|state| state.is_read_only = true);
    }

    pub(crate) fn recover(&self) {
        self.disk.set(|state| *state = State::default());
    }
}

impl Disk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panics with the state")
    }

    fn set(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state());
    }

    fn before_sync(&self) -> c_int {
        let mut state = self.state();
        if state.holds_syncs {
            self.sync_began.notify_one();
        }
        while state.holds_syncs {
            state = self.released.wait(state).expect("no test panics with it");
        }
        state.syncs += 1;
        state.sync_result
    }
}

/// A copy of a file's table of functions, and where it came from.
#[repr(C)]
struct Table {
    methods: sqlite3_io_methods,
    original: &'static sqlite3_io_methods,
}

fn install() {
    // SAFETY: the default of the system lives as long as the process, and so does its copy, which
    // differs in the name and in how files are opened.
    unsafe {
        let system = ffi::sqlite3_vfs_find(std::ptr::null());
        let mut copy = *system;
        copy.zName = c"faulty".as_ptr();
        copy.pNext = std::ptr::null_mut();
        copy.xOpen = Some(open);
        let copy = Box::into_raw(Box::new(copy));
        assert_eq!(ffi::sqlite3_vfs_register(copy, 1), ffi::SQLITE_OK);
    }
}

unsafe extern "C" fn open(
    _: *mut sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    let writing = ffi::SQLITE_OPEN_READWRITE | ffi::SQLITE_OPEN_CREATE;
    let flags = if DISK.state().is_read_only {
        flags & !writing | ffi::SQLITE_OPEN_READONLY
    } else {
        flags
    };
    // SAFETY: the arguments are handed on as SQLite gave them; the file's functions are only
    // replaced once it is open, by a table that lives as long as the process.
    unsafe {
        let system = ffi::sqlite3_vfs_find(c"unix".as_ptr());
        let open = (*system).xOpen.expect("every disk can open files");
        let result = open(system, name, file, flags, out_flags);
        if result == ffi::SQLITE_OK && flags & ffi::SQLITE_OPEN_WAL != 0 {
            (*file).pMethods = replaced(&*(*file).pMethods);
        }
        result
    }
}

fn replaced(original: &'static sqlite3_io_methods) -> *const sqlite3_io_methods {
    let mut tables = TABLES.lock().expect("no test panics with the tables");
    let key = std::ptr::from_ref(original) as usize;
    let table = *tables.entry(key).or_insert_with(|| {
        let mut methods = *original;
        methods.xWrite = Some(write);
        methods.xSync = Some(sync);
        let table = Table { methods, original };
        std::ptr::from_ref(Box::leak(Box::new(table))) as usize
    });
    table as *const sqlite3_io_methods
}

/// SAFETY: `file` was opened by [`open`], so its table is the first field of a [`Table`].
unsafe fn original(file: *mut sqlite3_file) -> &'static sqlite3_io_methods {
    unsafe { (*(*file).pMethods.cast::<Table>()).original }
}

unsafe extern "C" fn write(
    file: *mut sqlite3_file,
    bytes: *const c_void,
    count: c_int,
    offset: i64,
) -> c_int {
    match DISK.state().write_result {
        // SAFETY: the arguments are handed on as SQLite gave them.
        ffi::SQLITE_OK => unsafe {
            let write = original(file).xWrite.expect("every disk can write");
            write(file, bytes, count, offset)
        },
        failed => failed,
    }
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, flags: c_int) -> c_int {
    match DISK.before_sync() {
        // SAFETY: the arguments are handed on as SQLite gave them.
        ffi::SQLITE_OK => unsafe {
            let sync = original(file).xSync.expect("every disk can sync");
            sync(file, flags)
        },
        failed => failed,
    }
}
