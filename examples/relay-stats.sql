-- From WebSocket to WebSocket: one row per symbol and minute, with a token for the server that takes them:
--   faucet feed &
--   faucet receive &
--   STATS_TOKEN=secret faucet run examples/relay-stats.sql
CREATE STREAM CryptoTrades (
    s STRING,
    p STRING,
    q STRING
) WITH (
    type = 'source',
    extension = 'websocket',
    format = 'json',
    "websocket.url" = 'ws://127.0.0.1:9001/',
    "websocket.reconnect" = 'true',
    "websocket.stale_timeout" = '30s'
);

-- An internal stream: numbers instead of text.
CREATE STREAM Numbers (
    symbol STRING,
    price DOUBLE,
    quantity DOUBLE
);

CREATE STREAM TradeStats (
    symbol STRING,
    avg_price DOUBLE,
    total_volume DOUBLE,
    trade_count LONG,
    window_end LONG,
    complete BOOL
) WITH (
    type = 'sink',
    extension = 'websocket',
    format = 'json',
    "websocket.url" = 'ws://127.0.0.1:9002/',
    "websocket.headers.Authorization" = 'Bearer ${STATS_TOKEN}',
    "websocket.reconnect.max.attempts" = '-1'
);

INSERT INTO Numbers
SELECT s AS symbol, TRY_CAST(p AS DOUBLE) AS price, TRY_CAST(q AS DOUBLE) AS quantity
FROM CryptoTrades;

INSERT INTO TradeStats
SELECT
    symbol,
    AVG(price) AS avg_price,
    SUM(quantity) AS total_volume,
    COUNT(*) AS trade_count,
    event_timestamp() AS window_end,
    window_complete() AS complete
FROM Numbers
WINDOW TUMBLING(1 min)
GROUP BY symbol;
