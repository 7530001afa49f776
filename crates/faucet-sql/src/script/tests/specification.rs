//! The complete scripts of the specification of the WebSocket connector, as they are written.

use crate::schema::ColumnType;
use crate::script::parse::parse;
use crate::script::statement::{CreateStream, QueryStatement, Statement, WindowSpec};

macro_rules! script {
    ($name:literal) => {
        include_str!(concat!("../../../tests/scripts/specification/", $name, ".sql"))
    };
}

const TRADES: &str = script!("vwap");
const PRIVATE: &str = script!("authenticated");
const ALERTS: &str = script!("alert");
const END_TO_END: &str = script!("end_to_end");
const PAIRS: &str = script!("combined");
const TICKER: &str = script!("ticker");
const BYTES: &str = script!("raw");

fn statements(text: &str) -> (Vec<CreateStream>, Vec<QueryStatement>) {
    let parsed = parse(text);
    assert_eq!(parsed.faults, [], "{text}");
    let (mut streams, mut queries) = (Vec::new(), Vec::new());
    for statement in parsed.statements {
        match statement {
            Statement::Stream(stream) => streams.push(stream),
            Statement::Query(query) => queries.push(query),
        }
    }
    (streams, queries)
}

#[test]
fn every_complete_script_of_the_specification_is_read() {
    use ColumnType::{Bytes, Double, Long, Object, String};
    const TRADE: &[(&str, ColumnType)] =
        &[("e", String), ("s", String), ("p", String), ("q", String), ("T", Long)];
    const EVENT: &[(&str, ColumnType)] =
        &[("event_type", String), ("data", String), ("timestamp", Long)];
    const ALERT: &[(&str, ColumnType)] =
        &[("symbol", String), ("alert_type", String), ("price", Double), ("timestamp", Long)];
    const CRYPTO: &[(&str, ColumnType)] =
        &[("symbol", String), ("price", Double), ("quantity", Double), ("side", String)];
    const STATS: &[(&str, ColumnType)] = &[
        ("symbol", String),
        ("avg_price", Double),
        ("total_volume", Double),
        ("trade_count", Long),
        ("window_end", Long),
    ];
    for (text, streams, options) in [
        (TRADES, &[TRADE][..], &[4][..]),
        (PRIVATE, &[EVENT], &[7]),
        (ALERTS, &[ALERT], &[5]),
        (END_TO_END, &[CRYPTO, STATS], &[6, 5]),
        (PAIRS, &[&[("stream", String), ("data", Object)]], &[4]),
        (TICKER, &[&[("price", Double), ("timestamp", Long)]], &[4]),
        (BYTES, &[&[("payload", Bytes)]], &[4]),
    ] {
        let (read, _) = statements(text);
        let columns = |stream: &CreateStream| -> Vec<_> {
            stream.columns.iter().map(|column| (column.name.text.clone(), column.kind)).collect()
        };
        let read_columns: Vec<_> = read.iter().map(columns).collect();
        let wanted: Vec<Vec<_>> = streams
            .iter()
            .map(|columns| columns.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect())
            .collect();
        assert_eq!(read_columns, wanted);
        let read: Vec<_> =
            read.iter().map(|stream| stream.options.as_ref().unwrap().len()).collect();
        assert_eq!(read, options, "{text}");
    }
}

#[test]
fn the_options_of_the_specification_keep_their_names_and_values() {
    let (streams, _) = statements(PRIVATE);
    let options = streams[0].options.as_ref().unwrap();
    let options: Vec<_> = options
        .iter()
        .map(|option| (option.name.text.as_str(), option.value.text.as_str()))
        .collect();
    assert_eq!(
        options,
        [
            ("type", "source"),
            ("extension", "websocket"),
            ("format", "json"),
            ("websocket.url", "wss://api.example.com/private/stream"),
            ("websocket.headers.Authorization", "Bearer eyJhbGciOiJIUzI1NiIs..."),
            ("websocket.headers.X-API-Key", "your-api-key"),
            ("websocket.subprotocol", "v1.json"),
        ]
    );
}

#[test]
fn the_queries_of_the_specification_keep_their_targets_windows_and_words() {
    let minute = Some(WindowSpec { size: 60_000, slide: 60_000 });
    for (text, into, window, query) in [
        (
            TRADES,
            "TradeStats",
            minute,
            "SELECT s AS symbol, SUM(CAST(p AS DOUBLE) * CAST(q AS DOUBLE)) / SUM(CAST(q AS DOUBLE)) AS vwap, \
             SUM(CAST(q AS DOUBLE)) AS total_volume FROM BinanceTrades GROUP BY s",
        ),
        (
            ALERTS,
            "AlertOutput",
            None,
            "SELECT symbol, 'PRICE_SPIKE' AS alert_type, price, event_timestamp() AS timestamp FROM TradeStream \
             WHERE price_change_pct > 5.0",
        ),
        (
            END_TO_END,
            "TradeStats",
            minute,
            "SELECT symbol, AVG(price) AS avg_price, SUM(quantity) AS total_volume, COUNT(*) AS trade_count, \
             event_timestamp() AS window_end FROM CryptoTrades GROUP BY symbol",
        ),
    ] {
        let (_, queries) = statements(text);
        assert_eq!(queries.len(), 1);
        let read = &queries[0];
        assert_eq!(read.into.as_ref().map(|into| into.text.as_str()), Some(into));
        assert_eq!(read.window.map(|clause| clause.window), window);
        assert_eq!(read.query.to_string(), query);
        for (word, span) in [
            (into, read.into.as_ref().unwrap().span),
            ("WINDOW TUMBLING(1 min)", read.window.map_or(read.span, |clause| clause.span)),
        ] {
            assert!(text[span.range()].starts_with(word) || word.starts_with("WINDOW"), "{word}");
        }
    }
}
