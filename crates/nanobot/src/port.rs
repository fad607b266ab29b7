//! Ports that a command listens on, in words for people.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use crate::failure::Failure;

/// Why a port is not to be had, and what to change in the `section` of the config `file`.
pub(crate) fn cannot_listen(
    (host, port): (&str, u16),
    error: &io::Error,
    section: &str,
    file: &Path,
) -> Failure {
    let file = file.display();
    let reason = match error.kind() {
        ErrorKind::AddrInUse => "address in use".to_owned(),
        ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    };
    let hint = match error.kind() {
        ErrorKind::AddrInUse | ErrorKind::PermissionDenied => {
            format!("choose another port with `--port`, or set `{section}.port` in {file}")
        }
        _ => format!("check `{section}.host` in {file}"),
    };
    let failure = Failure::new(format!("cannot listen on {}: {reason}", place(host, port)));
    failure.with_hint(hint)
}

fn place(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// An address that a program on this machine can open.
pub(crate) fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_listens_on_all_interfaces_is_shown_where_it_can_be_opened() {
        #[track_caller]
        fn check(address: &str, expected: &str) {
            let address: SocketAddr = address.parse().unwrap();
            assert_eq!(reachable(address).to_string(), expected);
        }
        check("0.0.0.0:18790", "127.0.0.1:18790");
        check("[::]:18790", "[::1]:18790");
        check("192.168.1.2:80", "192.168.1.2:80");
    }
}
