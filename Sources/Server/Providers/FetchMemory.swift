import Synchronization
import WritePath

/// Remembers what sources held and how the other side tells whether that is still so.
///
/// A source that has not changed need not be fetched again; nothing is lost when it is forgotten.
final class FetchMemory: Sendable {
    /// What was loaded, and its tag or commit.
    struct Entry: Sendable {
        let validator: String
        let source: LoadedSource
        /// Size of what it was made of.
        let bytes: Int
        fileprivate var used: UInt64 = 0

        init(validator: String, source: LoadedSource, bytes: Int) {
            self.validator = validator
            self.source = source
            self.bytes = bytes
        }
    }

    private struct State {
        var entries: [SourceDefinition: Entry] = [:]
        var bytes = 0
        var clock: UInt64 = 0
    }

    private let state = Mutex(State())

    /// What was loaded for a source as it is configured, or nil.
    func entry(for definition: SourceDefinition) -> Entry? {
        state.withLock { state in
            state.clock += 1
            state.entries[definition]?.used = state.clock
            return state.entries[definition]
        }
    }

    /// Remembers what was loaded; what was not used for longest gives way.
    func remember(_ entry: Entry, for definition: SourceDefinition) {
        state.withLock { state in
            state.clock += 1
            var entry = entry
            entry.used = state.clock
            if let old = state.entries.updateValue(entry, forKey: definition) {
                state.bytes -= old.bytes
            }
            state.bytes += entry.bytes
            while state.bytes > ProviderLimits.memoryBytes
                || state.entries.count > ProviderLimits.memorySources,
                let oldest = state.entries.min(by: { $0.value.used < $1.value.used })
            {
                state.bytes -= oldest.value.bytes
                state.entries[oldest.key] = nil
            }
        }
    }
}
