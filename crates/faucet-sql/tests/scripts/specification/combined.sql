-- Subscribe to multiple trading pairs in one connection
CREATE STREAM MultiPairTrades (
    stream STRING,  -- Indicates which stream: "btcusdt@trade" or "ethusdt@trade"
    data OBJECT     -- Nested trade data
) WITH (
    type = 'source',
    extension = 'websocket',
    format = 'json',
    "websocket.url" = 'wss://stream.binance.com:9443/stream?streams=btcusdt@trade/ethusdt@trade'
);
