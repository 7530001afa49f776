-- Large trades from one WebSocket to another, each as it comes:
--   faucet feed &
--   faucet receive &
--   faucet run examples/alerts.sql
CREATE STREAM Trades (
    s STRING,   -- symbol
    t LONG,     -- number of the trade
    p STRING,   -- price
    q STRING,   -- quantity
    m BOOL      -- whether the buyer waited, and the seller came
) WITH (
    type = 'source',
    extension = 'websocket',
    format = 'json',
    on_parse_error = 'skip',
    "websocket.url" = 'ws://127.0.0.1:9001/'
);

CREATE STREAM Alerts (
    symbol STRING,
    alert STRING,
    value DOUBLE,
    trade LONG,
    timestamp LONG
) WITH (
    type = 'sink',
    extension = 'websocket',
    format = 'json',
    "websocket.url" = 'ws://127.0.0.1:9002/',
    "websocket.delivery" = 'at_least_once',
    "websocket.reconnect.max.attempts" = '-1'
);

INSERT INTO Alerts
SELECT
    s AS symbol,
    CASE WHEN m THEN 'LARGE_SELL' ELSE 'LARGE_BUY' END AS alert,
    CAST(p AS DOUBLE) * CAST(q AS DOUBLE) AS value,
    t AS trade,
    event_timestamp() AS timestamp
FROM Trades
WHERE CAST(p AS DOUBLE) * CAST(q AS DOUBLE) > 250000.0;
