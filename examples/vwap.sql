-- The volume-weighted average price of each symbol, every ten seconds, on stdout:
--   faucet feed &
--   faucet run examples/vwap.sql
CREATE STREAM Trades (
    s STRING,   -- symbol
    p STRING,   -- price: exchanges send it as text
    q STRING    -- quantity
) WITH (
    type = 'source',
    extension = 'websocket',
    format = 'json',
    "websocket.url" = 'ws://127.0.0.1:9001/'
);

SELECT
    s AS symbol,
    SUM(CAST(p AS DOUBLE) * CAST(q AS DOUBLE)) / SUM(CAST(q AS DOUBLE)) AS vwap,
    SUM(CAST(q AS DOUBLE)) AS volume,
    COUNT(*) AS trades,
    window_end() AS until
FROM Trades
WINDOW TUMBLING(10 sec)
GROUP BY s
ORDER BY s;
