//! Values: once for a connection, or anew for each message.

use crate::support::play;

#[test]
fn a_value_is_made_once_for_a_connection_or_for_each_message() {
    play(
        r#"{"values": {
                "start": {"clock": "s"}, "now": {"clock": "s", "per": "message"}, "id": {"random": "uuid"},
                "both": {"encode": "hex", "text": "{start}/{now}/{seq}", "per": "message"}, "plain": "at {start}"
            },
            "session": [{"expect": {"/go": 1}, "timeout": 20}, {"send": {"json": ["{start}", "{now}", "{now}", "{both}", "{id}"]}}],
            "control": [{"match": {"/ping": 1}, "reply": {"json": ["{plain}", "{now}", "{seq}"]}}]}"#,
        r#"
        connect
        wait 5
        < {"go": 1}
        > [1795622405,1795622405,1795622405,"313739353632323430352f313739353632323430352f31","80808080-8080-4080-8080-808080808080"]
        complete
        wait 5
        < {"ping": 1}
        > ["at 1795622405",1795622410,2]
        disconnect
        connect
        < {"go": 1}
        > [1795622410,1795622410,1795622410,"313739353632323431302f313739353632323431302f31","80808080-8080-4080-8080-808080808080"]
        complete
        "#,
    );
}

#[test]
fn a_signature_for_each_topic() {
    play(
        r#"{"values": {"sig": {"hmac": "sha256", "key": "key", "text": "{socket}:{topic}", "per": "message"}},
            "session": [{"expect": {"/socket": {"exists": true}}, "take": {"socket": "/socket"}}],
            "topics": ["a", "b"], "subscribe": {"message": {"json": {"t": "{topic}", "s": "{sig}"}}, "batch": 1}}"#,
        r#"
        connect
        < {"socket": "1.2"}
        > {"s":"915e4fb2d85107d28210cae086648f7b7cafdebe7d6ef07baa1875c23147e7e8","t":"a"}
        > {"s":"48714e1b882796585f27bdc49c6f1afba4a677d6ebd2af81e1c2068b329ef02b","t":"b"}
        complete
        "#,
    );
}

#[test]
fn secrets_of_single_messages_are_hidden_too() {
    play(
        r#"{"values": {"sig": {"hmac": "sha256", "key": "key", "text": "{seq}", "per": "message"}},
            "session": [{"send": {"json": "{sig}"}}, {"expect": {"/ok": 1}, "fail": {"/ok": 0}}]}"#,
        r#"
        connect
        > "6da91fb91517be1f5cdcf3af91d7d40c717dd638a306157606fb2e584f7ae926"
        < {"ok": 0, "sig": "6da91fb91517be1f5cdcf3af91d7d40c717dd638a306157606fb2e584f7ae926"}
        end session[1] was refused: "{\"ok\": 0, \"sig\": \"***\"}"
        "#,
    );
}
