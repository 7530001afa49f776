-- Minimal configuration for fastest response
CREATE STREAM TickerFeed (
    price DOUBLE,
    timestamp LONG
) WITH (
    type = 'source',
    extension = 'websocket',
    format = 'json',
    "websocket.url" = 'wss://fast-feed.example.com/ticker'
    -- Use defaults for minimal overhead
);
