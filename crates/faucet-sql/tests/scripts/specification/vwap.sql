-- Consume real-time trades from Binance WebSocket API
CREATE STREAM BinanceTrades (
    e STRING,           -- Event type
    s STRING,           -- Symbol
    p STRING,           -- Price
    q STRING,           -- Quantity
    T LONG              -- Trade time
) WITH (
    type = 'source',
    extension = 'websocket',
    format = 'json',
    "websocket.url" = 'wss://stream.binance.com:9443/ws/btcusdt@trade'
);

-- Calculate 1-minute VWAP (Volume Weighted Average Price)
SELECT
    s AS symbol,
    SUM(CAST(p AS DOUBLE) * CAST(q AS DOUBLE)) / SUM(CAST(q AS DOUBLE)) AS vwap,
    SUM(CAST(q AS DOUBLE)) AS total_volume
FROM BinanceTrades
WINDOW TUMBLING(1 min)
GROUP BY s
INSERT INTO TradeStats;
