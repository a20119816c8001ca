package eventstore

import "github.com/cockroachdb/pebble/v2"

// Storage is what a folder of Pebble tells of itself, for who watches over it.
type Storage struct {
	// DiskBytes is what its files take up, WALBytes the write-ahead log among them.
	DiskBytes, WALBytes uint64
	// MemTableBytes is what waits in memory to be written out.
	MemTableBytes uint64
	// CompactionDebtBytes is about how much has to be compacted still. It grows
	// without end where the disk is too slow for what is written.
	CompactionDebtBytes uint64
	// ReadAmplification is in how many places a key is looked for at most.
	ReadAmplification int
	// CacheHits and CacheMisses count reads of blocks.
	CacheHits, CacheMisses uint64
}

// StorageOf returns what metrics of Pebble say.
func StorageOf(m *pebble.Metrics) Storage {
	return Storage{
		DiskBytes: m.DiskSpaceUsage(), WALBytes: m.WAL.PhysicalSize, MemTableBytes: m.MemTable.Size,
		CompactionDebtBytes: m.Compact.EstimatedDebt, ReadAmplification: m.ReadAmp(),
		CacheHits: uint64(max(0, m.BlockCache.Hits)), CacheMisses: uint64(max(0, m.BlockCache.Misses)),
	}
}

// Storage returns what the log's folder tells of itself; ErrClosed after Close.
func (s *Store) Storage() (Storage, error) {
	if err := s.enter(); err != nil {
		return Storage{}, err
	}
	defer s.leave()
	return StorageOf(s.db.Metrics()), nil
}
