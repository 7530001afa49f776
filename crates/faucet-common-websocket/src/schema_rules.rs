//! The rules between the keys that both ends share, for their schemas.

use faucet_core::schema_rule::{absent, needs, when};
use serde_json::{Value, json};

/// The rules between keys that [`ConnectOptions::check`](crate::ConnectOptions::check) has.
pub fn connection_rules() -> [Value; 3] {
    let plain = json!({
        "required": ["url"],
        "properties": { "url": { "type": "string", "pattern": "^[wW][sS]://" } },
    });
    // A proxy's certificate is verified by `tls.ca_file`. A variable can be the URL of such a proxy.
    let mut without_tls = plain.clone();
    without_tls["properties"]["proxy"] =
        json!({ "not": { "pattern": "^[hH][tT][tT][pP][sS]://|\\$\\{" } });
    let of_the_url = json!({ "properties": { "tls": { "properties": {
        "client_cert_file": { "type": "null" },
        "client_key_file": { "type": "null" },
        "server_name": { "type": "null" },
        "insecure_skip_verify": { "const": false },
    } } } });
    let of_both = json!({ "properties": { "tls": absent("ca_file") } });
    [needs("pong_timeout", "ping_interval"), when(plain, of_the_url), when(without_tls, of_both)]
}
