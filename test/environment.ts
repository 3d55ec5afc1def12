// Loaded before every test file: caches freeze their objects, so that whoever changes a shared one is found.
process.env.NODE_ENV = 'test';
process.env.CLUSTERNET_LOG_LEVEL ??= 'silent';
