-- A combined stream: the inner object is kept as it came, and members of it become columns.
--   faucet run examples/objects.sql
CREATE STREAM Combined (
    stream STRING,
    data OBJECT,      -- nested JSON, verbatim
    price STRING,     -- found by its place, see below
    event_time LONG
) WITH (
    type = 'source',
    extension = 'websocket',
    format = 'json',
    "json.mapping.price" = '/data/p',
    "json.mapping.event_time" = '/data/E',
    "websocket.url" = 'wss://stream.binance.com:9443/stream?streams=btcusdt@trade/ethusdt@trade'
);

SELECT
    split_part(stream, '@', 1) AS pair,
    data->>'s' AS symbol,
    TRY_CAST(price AS DOUBLE) AS price,
    event_time,
    data
FROM Combined
WHERE stream LIKE '%@trade';
