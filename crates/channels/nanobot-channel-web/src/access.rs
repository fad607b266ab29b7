use std::net::{IpAddr, SocketAddr};
use std::sync::{PoisonError, RwLock};

use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderName};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

/// Who may talk to a port of this program: a guard against foreign web sites in a person's browser,
/// and a secret.
pub struct Access {
    bound: RwLock<Option<SocketAddr>>,
    allowed_hosts: Vec<String>,
    token: Option<SecretString>,
}

/// Why somebody may not; the text is the body of the page's 403.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forbidden(pub(crate) &'static str);

const NO_HOST: Forbidden = Forbidden("a request needs exactly one Host header\n");
const WRONG_HOST: Forbidden = Forbidden(
    "this name is not one that nanobot answers to; open the page under localhost, or add the name \
     to channels.web.allowedHosts\n",
);
const FOREIGN_ORIGIN: Forbidden = Forbidden("requests of other web sites are refused\n");
const NO_ORIGIN: Forbidden =
    Forbidden("a program that is not on this machine needs a token, set gateway.token\n");

impl Access {
    /// Answers to the names of this machine and to `allowed_hosts`, names with or without a port. An
    /// empty token is none.
    #[must_use]
    pub fn new(allowed_hosts: &[String], token: Option<SecretString>) -> Self {
        Self {
            bound: RwLock::new(None),
            allowed_hosts: allowed_hosts
                .iter()
                .map(|host| host.trim().to_ascii_lowercase())
                .collect(),
            token: token.filter(|token| !token.expose_secret().is_empty()),
        }
    }

    /// Says where the port is; before this, no name is one of this machine.
    pub fn set_bound(&self, address: SocketAddr) {
        let mut bound = self.bound.write().unwrap_or_else(PoisonError::into_inner);
        *bound = Some(address);
    }

    /// Checks `Host` and `Origin` of any request, and returns the host it came for.
    ///
    /// # Errors
    ///
    /// Returns why the request may have been caused by a foreign web site.
    pub fn check_request<'a>(&self, headers: &'a HeaderMap) -> Result<&'a str, Forbidden> {
        let host = single(headers, &HOST)?.ok_or(NO_HOST)?;
        if !self.is_allowed_host(&host.to_ascii_lowercase()) {
            return Err(WRONG_HOST);
        }
        match single(headers, &ORIGIN)? {
            Some(origin) if !is_same_origin(origin, host) => Err(FOREIGN_ORIGIN),
            _ => Ok(host),
        }
    }

    /// Checks what a WebSocket needs beyond [`check_request`](Self::check_request): an origin, or a
    /// program on the same machine. Where a token is set, it is asked for in the first frame.
    pub(crate) fn check_socket(
        &self,
        headers: &HeaderMap,
        peer: Option<IpAddr>,
    ) -> Result<(), Forbidden> {
        let is_local = peer.is_some_and(|address| address.to_canonical().is_loopback());
        if headers.contains_key(ORIGIN) || self.has_token() || is_local {
            Ok(())
        } else {
            Err(NO_ORIGIN)
        }
    }

    /// Whether a token is set.
    #[must_use]
    pub fn has_token(&self) -> bool {
        self.token.is_some()
    }

    /// True if the token is right, or none is set.
    #[must_use]
    pub fn is_token_right(&self, given: Option<&str>) -> bool {
        let Some(token) = &self.token else {
            return true;
        };
        let given = given.unwrap_or_default().as_bytes();
        token.expose_secret().as_bytes().ct_eq(given).into()
    }

    fn is_allowed_host(&self, host: &str) -> bool {
        self.is_configured(host) || self.is_own(host)
    }

    fn is_configured(&self, host: &str) -> bool {
        let (name, _) = split_port(host);
        self.allowed_hosts.iter().any(|allowed| allowed == host || allowed == name)
    }

    /// True for the names of this machine with the port that the hub is on.
    fn is_own(&self, host: &str) -> bool {
        let bound = *self.bound.read().unwrap_or_else(PoisonError::into_inner);
        let Some(bound) = bound else {
            return false;
        };
        let (name, port) = split_port(host);
        port.unwrap_or(80) == bound.port() && is_name_of(name, bound.ip())
    }
}

fn is_name_of(name: &str, bound: IpAddr) -> bool {
    if name == "localhost" {
        return true;
    }
    let literal = name.trim_start_matches('[').trim_end_matches(']');
    let Ok(address) = literal.parse::<IpAddr>() else {
        return false;
    };
    // Rebinding needs a name: a page can only come from a bare address if that address served it.
    // So a hub on all interfaces may answer to any of them.
    address.is_loopback() || address == bound || bound.is_unspecified()
}

/// `example.org:80` and `[::1]:80` into name and port; a port that is no number belongs to the name.
fn split_port(host: &str) -> (&str, Option<u16>) {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => match port.parse() {
            Ok(port) => (name, Some(port)),
            Err(_) => (host, None),
        },
        _ => (host, None),
    }
}

fn is_same_origin(origin: &str, host: &str) -> bool {
    let place = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    place.is_some_and(|place| place.eq_ignore_ascii_case(host))
}

/// The value of a header that must not be repeated.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Forbidden> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_some() {
        return Err(NO_HOST);
    }
    match first.map(|value| value.to_str()) {
        None => Ok(None),
        Some(Ok(value)) => Ok(Some(value)),
        Some(Err(_)) => Err(WRONG_HOST),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(bound: &str, allowed: &[&str]) -> Access {
        let allowed: Vec<_> = allowed.iter().map(ToString::to_string).collect();
        let access = Access::new(&allowed, None);
        access.set_bound(bound.parse().unwrap());
        access
    }

    #[track_caller]
    fn check(access: &Access, host: &str, origin: Option<&str>, expected: Result<(), Forbidden>) {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(ORIGIN, origin.parse().unwrap());
        }
        assert_eq!(access.check_request(&headers).map(|_| ()), expected);
    }

    #[test]
    fn only_own_names_with_the_right_port_are_answered() {
        let access = access("127.0.0.1:8080", &[]);
        for host in ["localhost:8080", "127.0.0.1:8080", "[::1]:8080", "LOCALHOST:8080"] {
            check(&access, host, None, Ok(()));
        }
        for host in [
            "localhost",
            "localhost:80",
            "localhost:8080.evil.example",
            "evil.example:8080",
            "localhost.evil.example:8080",
            "192.168.1.5:8080",
            "",
        ] {
            check(&access, host, None, Err(WRONG_HOST));
        }
    }

    #[test]
    fn hub_on_all_interfaces_answers_to_bare_addresses_but_not_to_names() {
        let access = access("0.0.0.0:80", &[]);
        check(&access, "192.168.1.5", None, Ok(()));
        check(&access, "evil.example", None, Err(WRONG_HOST));
    }

    #[test]
    fn configured_names_are_answered_with_their_port() {
        let access = access("127.0.0.1:8080", &["Chat.Example.org", "other.example:8443"]);
        check(&access, "chat.example.org", None, Ok(()));
        check(&access, "chat.example.org:444", None, Ok(()));
        check(&access, "other.example:8443", None, Ok(()));
        check(&access, "other.example", None, Err(WRONG_HOST));
    }

    #[test]
    fn origin_must_be_the_place_the_request_went_to() {
        let access = access("127.0.0.1:8080", &["chat.example.org"]);
        let cases = [
            ("localhost:8080", "http://localhost:8080", Ok(())),
            ("chat.example.org", "https://chat.example.org", Ok(())),
            ("localhost:8080", "http://127.0.0.1:8080", Err(FOREIGN_ORIGIN)),
            ("localhost:8080", "http://localhost:3000", Err(FOREIGN_ORIGIN)),
            ("localhost:8080", "https://evil.example", Err(FOREIGN_ORIGIN)),
            ("localhost:8080", "null", Err(FOREIGN_ORIGIN)),
        ];
        for (host, origin, expected) in cases {
            check(&access, host, Some(origin), expected);
        }
    }

    #[test]
    fn socket_without_origin_is_for_local_programs_or_those_with_a_token() {
        let remote = Some("192.168.1.5".parse().unwrap());
        let local = Some("::ffff:127.0.0.1".parse().unwrap());
        let headers = HeaderMap::new();
        let open = Access::new(&[], None);
        assert_eq!(open.check_socket(&headers, remote), Err(NO_ORIGIN));
        assert_eq!(open.check_socket(&headers, None), Err(NO_ORIGIN));
        assert_eq!(open.check_socket(&headers, local), Ok(()));
        let closed = Access::new(&[], Some("secret".into()));
        assert_eq!(closed.check_socket(&headers, remote), Ok(()));
    }

    #[test]
    fn token_is_compared_whole() {
        let access = Access::new(&[], Some("secret".into()));
        assert!(access.is_token_right(Some("secret")));
        for wrong in [None, Some(""), Some("secre"), Some("secret2"), Some("SECRET")] {
            assert!(!access.is_token_right(wrong));
        }
    }
}
