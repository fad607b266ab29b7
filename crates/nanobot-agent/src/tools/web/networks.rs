//! Which addresses the web tools may reach.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use reqwest::Url;
use url_host::Host;

/// Knows the private networks, and those that are allowed all the same.
#[derive(Debug, Clone, Default)]
pub(in crate::tools) struct Networks {
    allowed: Vec<Network>,
}

/// A network: its first address as a number of 128 bits, and how many bits of it count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Network {
    first: u128,
    mask: u128,
}

/// Networks in which no public server is. Those of IPv4 are compared in their mapped form.
const PRIVATE: [&str; 22] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/96",
    "64:ff9b:1::/48",
    "100::/64",
    "2001:db8::/32",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
];

impl Networks {
    /// Takes the networks that are allowed; what is not one is told in the log.
    pub(in crate::tools) fn new(allowed: &[String]) -> Self {
        let read = |text: &String| {
            let network = Network::parse(text);
            if network.is_none() {
                tracing::warn!(
                    network = text,
                    "Leaving out an entry of `tools.ssrfWhitelist`, \
                    because it is not a network such as 10.0.0.0/8."
                );
            }
            network
        };
        Self { allowed: allowed.iter().filter_map(read).collect() }
    }

    /// Whether an address may be reached.
    pub(super) fn allows(&self, address: IpAddr) -> bool {
        let number = number(unwrapped(address));
        self.allowed.iter().any(|network| network.contains(number))
            || !PRIVATE
                .iter()
                .filter_map(|text| Network::parse(text))
                .any(|network| network.contains(number))
    }

    /// Whether the host of a URL is an address, or the name of this machine, that may not be
    /// reached. Other names must be looked up.
    pub(in crate::tools) fn is_private_literal(&self, url: &Url) -> bool {
        match Host::of(url) {
            Host::Address(address) => !self.allows(address),
            Host::Name(name) => {
                let name = name.trim_end_matches('.');
                let is_local = name == "localhost" || name.ends_with(".localhost");
                is_local && !self.allows(Ipv4Addr::LOCALHOST.into())
            }
            Host::Missing => true,
        }
    }
}

/// Reads the host of a URL.
mod url_host {
    use std::net::IpAddr;

    use reqwest::Url;

    pub(super) enum Host<'u> {
        Address(IpAddr),
        Name(&'u str),
        Missing,
    }

    impl<'u> Host<'u> {
        pub(super) fn of(url: &'u Url) -> Self {
            let Some(host) = url.host_str() else { return Self::Missing };
            let bare = host.trim_start_matches('[').trim_end_matches(']');
            bare.parse().map_or(Self::Name(host), Self::Address)
        }
    }
}

impl Network {
    fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.trim().split_once('/').unwrap_or((text.trim(), ""));
        let address: IpAddr = address.parse().ok()?;
        let (width, own) = if address.is_ipv4() { (32, 96_u32) } else { (128, 0) };
        let bits: u32 = if bits.is_empty() { width } else { bits.parse().ok()? };
        let host_bits = 128_u32.checked_sub(own.checked_add(bits)?)?;
        let mask = u128::MAX.checked_shl(host_bits).unwrap_or(0);
        Some(Self { first: number(address) & mask, mask })
    }

    fn contains(self, number: u128) -> bool {
        number & self.mask == self.first
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().into(),
        IpAddr::V6(address) => address.into(),
    }
}

/// The address that is really reached: that in an address of NAT64 or 6to4.
fn unwrapped(address: IpAddr) -> IpAddr {
    let IpAddr::V6(six) = address else { return address };
    let segments = six.segments();
    let four = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        IpAddr::V4(Ipv4Addr::new(a, b, c, d))
    };
    match segments {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => four(high, low),
        [0x2002, high, low, ..] => four(high, low),
        _ => Ipv6Addr::to_ipv4_mapped(&six).map_or(address, IpAddr::V4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_in_any_clothes_are_refused() {
        let networks = Networks::default();
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.31.0.1",
            "192.168.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "::",
            "::1",
            "fc00::1",
            "fe80::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "::127.0.0.1",
        ] {
            let address = private.parse().expect("an address");
            assert!(!networks.allows(address), "{private}");
        }
        for public in
            ["1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "64:ff9b::101:101"]
        {
            let address = public.parse().expect("an address");
            assert!(networks.allows(address), "{public}");
        }
    }

    #[test]
    fn allowed_networks_are_allowed() {
        let networks =
            Networks::new(&["10.0.0.0/8".to_owned(), "fd00::/8".to_owned(), "nonsense".to_owned()]);
        assert!(networks.allows("10.9.9.9".parse().expect("an address")));
        assert!(networks.allows("fd00::1".parse().expect("an address")));
        assert!(!networks.allows("192.168.1.1".parse().expect("an address")));
    }

    #[test]
    fn networks_of_more_bits_than_an_address_has_are_left_out() {
        for nonsense in ["10.0.0.0/33", "10.0.0.0/4294967200", "fd00::/129"] {
            assert_eq!(Network::parse(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn urls_with_private_hosts_are_seen_in_each_spelling() {
        let networks = Networks::default();
        for url in [
            "http://127.1/",
            "http://0x7f000001/",
            "http://2130706433/",
            "http://[::1]/",
            "http://localhost:1/",
            "http://LOCALHOST./",
            "http://a.localhost/",
            "http://017700000001/",
        ] {
            let url = Url::parse(url).expect("a URL");
            assert!(networks.is_private_literal(&url), "{url}");
        }
        assert!(!networks.is_private_literal(&Url::parse("http://example.org").expect("a URL")));
    }
}
