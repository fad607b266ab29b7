//! What belongs to the system, and not to people.

use std::path::{Path, PathBuf};

/// Programs, libraries, settings and state of the system; everybody may read them.
const READABLE: [&str; 22] = [
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/usr",
    "/opt",
    "/etc",
    "/nix",
    "/gnu",
    "/snap",
    "/proc",
    "/sys",
    "/run/current-system",
    "/run/systemd/resolve",
    "/run/NetworkManager",
    "/run/resolvconf",
    "/run/nscd",
    "/mnt/wsl/resolv.conf",
    "/var/lib/ca-certificates",
    "/var/cache/fontconfig",
];

/// Devices that cannot harm anybody. The whole of `/dev` would open the disks to root, and the shared
/// memory of others to everybody.
pub(super) const DEVICES: [&str; 8] = [
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
    "/dev/tty",
    "/dev/ptmx",
    "/dev/pts",
];

/// What all programs may read; where something private lies within, only what is around it.
pub(super) fn readable(private: &[PathBuf]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in READABLE {
        around(Path::new(folder), private, &mut found);
    }
    found
}

fn around(folder: &Path, private: &[PathBuf], found: &mut Vec<PathBuf>) {
    if !private.iter().any(|path| path.starts_with(folder)) {
        found.push(folder.to_owned());
        return;
    }
    if private.iter().any(|path| path == folder) {
        return;
    }
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        // Where a link leads is looked at there.
        if entry.file_type().is_ok_and(|kind| !kind.is_symlink()) {
            around(&entry.path(), private, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_private_within_a_folder_of_the_system_is_left_out() {
        let root = tempfile::tempdir().unwrap();
        let path = |name: &str| root.path().join(name);
        for folder in ["opt/tool", "opt/app/data", "opt/app/bin"] {
            std::fs::create_dir_all(path(folder)).unwrap();
        }
        let mut found = Vec::new();
        around(&path("opt"), &[path("opt/app/data")], &mut found);
        found.sort();
        assert_eq!(found, [path("opt/app/bin"), path("opt/tool")]);
        found.clear();
        around(&path("opt"), &[path("elsewhere")], &mut found);
        assert_eq!(found, [path("opt")]);
    }
}
