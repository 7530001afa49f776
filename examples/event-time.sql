-- Hopping windows over the time at which the exchange traded: the last minute of each symbol, every ten
-- seconds. `complete` is false where the feed had a hole, and for the windows before the first trade that came:
--   faucet feed --drop 30s &
--   faucet run examples/event-time.sql
CREATE STREAM Trades (
    s STRING,   -- symbol
    p STRING,   -- price
    T LONG      -- time of the trade, in milliseconds since 1970
) WITH (
    type = 'source',
    extension = 'websocket',
    format = 'json',
    "time.column" = 'T',
    "time.unit" = 'ms',
    "time.lateness" = '2s',
    "time.idle" = '15s',
    "websocket.url" = 'ws://127.0.0.1:9001/'
);

SELECT
    s AS symbol,
    MIN(CAST(p AS DOUBLE)) AS low,
    MAX(CAST(p AS DOUBLE)) AS high,
    COUNT(*) AS trades,
    window_start() AS since,
    window_end() AS until,
    window_complete() AS complete
FROM Trades
WINDOW HOP(1 min, 10 sec)
GROUP BY s
HAVING COUNT(*) >= 10;
