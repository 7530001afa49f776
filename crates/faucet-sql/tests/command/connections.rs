//! Scripts whose servers refuse, and scripts with mistakes, which reach no server.

use std::net::SocketAddr;

use faucet_testkit::{Script, ScriptedServer, refused_address};

use crate::support::{Scripts, faucet};

fn feed(url: &str) -> String {
    format!(
        "CREATE STREAM Feed (s STRING) WITH (type = 'source', extension = 'websocket', format = 'json',\n  \
         \"websocket.url\" = '{url}', \"websocket.reconnect\" = 'false');\n"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_refuses_is_named_before_anything_runs() {
    let address: SocketAddr = refused_address().await;
    let scripts = Scripts::new();
    let declared = scripts.write("declared.sql", &feed(&format!("ws://{address}/")));
    let ran = faucet(["check", &declared]);
    assert_ne!(ran.code, Some(0), "{ran:#?}");
    for words in ["source Feed: Feed websocket", "FAILED", "refused"] {
        let words = words.replace("Feed: Feed", "Feed:");
        assert!(ran.stdout.contains(&words), "{words}: {ran:#?}");
    }
    let query = format!("{}SELECT * FROM Feed;", feed(&format!("ws://{address}/")));
    let ran = faucet(["run", &scripts.write("query.sql", &query)]);
    assert_ne!(ran.code, Some(0), "{ran:#?}");
    let stderr = ran.stderr.to_lowercase();
    assert!(
        stderr.contains(&format!("failed to connect to websocket ws://{address}/")),
        "{ran:#?}"
    );
    assert!(stderr.contains("connection refused"), "{ran:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_wants_another_token_is_named() {
    let server = ScriptedServer::start([Script::reject(401)]).await;
    let scripts = Scripts::new();
    let query = format!("{}SELECT * FROM Feed;", feed(&server.url()));
    let ran = faucet(["run", &scripts.write("query.sql", &query)]);
    assert_ne!(ran.code, Some(0), "{ran:#?}");
    let stderr = ran.stderr.to_lowercase();
    assert!(stderr.contains("failed to connect to websocket"), "{ran:#?}");
    assert!(stderr.contains("401 unauthorized"), "{ran:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_script_with_a_mistake_ends_with_two_and_starts_nothing() {
    let server = ScriptedServer::start([Script::accept()]).await;
    let scripts = Scripts::new();
    let feed = feed(&server.url());
    for (query, place, words) in [
        ("SELECT S FROM Feed;", "3:8", "there is no column `S`"),
        ("SELECT s FROM Fed;", "3:15", "there is no stream `Fed`"),
        ("SELECT uper(s) FROM Feed;", "3:8", "did you mean `upper`?"),
        ("INSERT INTO a SELECT s FROM a;", "3:29", "the streams go in a circle"),
        ("SELECT COUNT(*) FROM Feed;", "3:8", "an aggregate needs WINDOW"),
    ] {
        let file = scripts.write("mistake.sql", &format!("{feed}{query}"));
        let place = format!("{file}:{place}");
        for command in ["run", "check", "validate"] {
            faucet([command, &file]).failed_with(2, &[&place, words]);
        }
        faucet(["sql", "plan", &file]).failed_with(2, &[&place, words]);
    }
    assert!(server.connections().is_empty(), "{:?}", server.connections());
}
