//! Far ends that no proxy of the environment is for.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::dial::Destination;

/// Whether a far end is this machine.
pub(crate) fn is_local(host: &str) -> bool {
    if let Ok(address) = host.parse::<IpAddr>() {
        return address.to_canonical().is_loopback();
    }
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    // RFC 6761 §6.3.
    name == "localhost" || name.ends_with(".localhost")
}

/// The list of `NO_PROXY`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bypass(Vec<Rule>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    hosts: Hosts,
    /// `None` is every port.
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Hosts {
    All,
    Network(IpNet),
    /// A name and all names below it, in lower case.
    Domain(String),
}

impl Bypass {
    /// Reads entries between commas or blanks: `*`, an address, a network such as `10.0.0.0/8`, a name
    /// with or without a dot in front, which stands for the names below it too. An address and a name
    /// may have a port.
    pub(crate) fn parse(list: &str) -> Self {
        let entries = list.split(|c: char| c == ',' || c.is_whitespace());
        Self(entries.filter(|entry| !entry.is_empty()).map(Rule::parse).collect())
    }

    pub(crate) fn covers(&self, to: &Destination) -> bool {
        self.0.iter().any(|rule| rule.covers(to))
    }
}

impl Rule {
    fn parse(entry: &str) -> Self {
        if let Some(hosts) = Hosts::address(entry) {
            return Self { hosts, port: None };
        }
        let (host, port) = match entry.rsplit_once(':').map(|(host, port)| (host, port.parse())) {
            Some((host, Ok(port))) => (host, Some(port)),
            _ => (entry, None),
        };
        let hosts = Hosts::address(host).unwrap_or_else(|| {
            let name = host.trim_start_matches('*').trim_start_matches('.').trim_end_matches('.');
            match name {
                "" => Hosts::All,
                name => Hosts::Domain(name.to_ascii_lowercase()),
            }
        });
        Self { hosts, port }
    }

    fn covers(&self, to: &Destination) -> bool {
        self.port.is_none_or(|port| port == to.port) && self.hosts.contain(&to.host)
    }
}

impl Hosts {
    fn address(text: &str) -> Option<Self> {
        let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        let network = bare.parse::<IpNet>().ok();
        network.or_else(|| bare.parse::<IpAddr>().ok().map(IpNet::from)).map(Self::Network)
    }

    fn contain(&self, host: &str) -> bool {
        match self {
            Self::All => true,
            Self::Network(network) => {
                host.parse::<IpAddr>().is_ok_and(|address| network.contains(&address))
            }
            Self::Domain(domain) => {
                let name = host.trim_end_matches('.').to_ascii_lowercase();
                let above = name.strip_suffix(domain.as_str());
                above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_cover_names_networks_and_ports() {
        for (list, host, port, covered) in [
            ("", "h", 80, false),
            ("*", "h", 80, true),
            ("a.test, b.test", "b.test", 80, true),
            ("a.test b.test", "B.Test.", 80, true),
            ("a.test", "feed.a.test", 80, true),
            (".a.test", "a.test", 80, true),
            ("*.a.test", "feed.a.test", 80, true),
            ("a.test", "nota.test", 80, false),
            ("a.test:81", "a.test", 81, true),
            ("a.test:81", "a.test", 80, false),
            ("10.0.0.0/8", "10.1.2.3", 80, true),
            ("10.0.0.0/8", "11.1.2.3", 80, false),
            ("10.0.0.1", "10.0.0.1", 80, true),
            ("10.0.0.1:81", "10.0.0.1", 80, false),
            ("fd00::/8", "fd12::1", 80, true),
            ("[fd00::1]:81", "fd00::1", 81, true),
            ("fd00::1", "fd00::1", 443, true),
        ] {
            let to = Destination::new(host, port, false);
            assert_eq!(Bypass::parse(list).covers(&to), covered, "{list} {host}:{port}");
        }
    }

    #[test]
    fn this_machine_is_known_by_address_and_name() {
        for host in
            ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "LocalHost", "a.localhost."]
        {
            assert!(is_local(host), "{host}");
        }
        for host in ["10.0.0.1", "::2", "localhost.test", "notlocalhost"] {
            assert!(!is_local(host), "{host}");
        }
    }
}
