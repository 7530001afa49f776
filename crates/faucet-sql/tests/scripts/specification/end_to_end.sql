-- ============================================
-- INPUT: Consume cryptocurrency trades
-- ============================================
CREATE STREAM CryptoTrades (
    symbol STRING,
    price DOUBLE,
    quantity DOUBLE,
    side STRING
) WITH (
    type = 'source',
    extension = 'websocket',
    format = 'json',
    "websocket.url" = 'wss://stream.crypto-exchange.com/trades',
    "websocket.reconnect" = 'true',
    "websocket.reconnect.max.attempts" = '10'
);

-- ============================================
-- OUTPUT: Publish aggregated stats
-- ============================================
CREATE STREAM TradeStats (
    symbol STRING,
    avg_price DOUBLE,
    total_volume DOUBLE,
    trade_count LONG,
    window_end LONG
) WITH (
    type = 'sink',
    extension = 'websocket',
    format = 'json',
    "websocket.url" = 'wss://analytics.example.com/stats',
    "websocket.headers.Authorization" = 'Bearer analytics-token'
);

-- ============================================
-- PROCESSING: Aggregate trades per minute
-- ============================================
INSERT INTO TradeStats
SELECT
    symbol,
    AVG(price) AS avg_price,
    SUM(quantity) AS total_volume,
    COUNT(*) AS trade_count,
    event_timestamp() AS window_end
FROM CryptoTrades
WINDOW TUMBLING(1 min)
GROUP BY symbol;
