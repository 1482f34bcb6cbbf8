import Synchronization

/// The rendered pages of one namespace, by canonical request and by the target as it was sent.
///
/// Any thread; a look-up costs one uncontended lock and a hash. A page is never changed: another
/// content makes another page.
package final class PageShelf: Sendable {
    private struct Slot {
        var page: RenderedPage
        var bytes: Int
        var isUsed = true
        /// Hashes of the targets that lead here.
        var targets: [UInt64] = []
    }

    private struct Target {
        let bytes: [UInt8]
        let key: String
    }

    private struct State {
        var slots: [String: Slot] = [:]
        var targets: [UInt64: Target] = [:]
        /// The keys in the order in which the hand of the clock passes them.
        var ring: [String] = []
        var hand = 0
        var isClosed = false
    }

    private let library: PageLibrary
    private let state = Mutex(State())
    private let taken = Atomic<Int>(0)
    /// Differs from process to process, so that nobody can choose targets that collide.
    private let seed = UInt64.random(in: .min ... .max)

    init(library: PageLibrary) {
        self.library = library
        library.add(self)
    }

    deinit { library.remove(ObjectIdentifier(self)) }

    /// Bytes of the pages kept, with what belongs to them.
    package var bytes: Int { taken.load(ordering: .relaxed) }

    /// The page of a canonical request, if it shows this content.
    package func page(for key: String, stamp: PageStamp) -> RenderedPage? {
        state.withLock { state in
            guard state.slots[key]?.page.stamp == stamp else { return nil }
            state.slots[key]?.isUsed = true
            return state.slots[key]?.page
        }
    }

    /// The page that last answered a target, path and query as sent; its content may have changed.
    ///
    /// No allocation. Compare its stamp with the collection's before it is sent.
    package func page(forTarget target: borrowing Span<UInt8>) -> RenderedPage? {
        let hash = hash(of: target)
        return state.withLock { state in
            guard let known = state.targets[hash], Self.isEqual(known.bytes.span, target),
                let index = state.slots.index(forKey: known.key)
            else { return nil }
            state.slots.values[index].isUsed = true
            return state.slots.values[index].page
        }
    }

    /// Keeps a page in the place of an older one with its key.
    package func keep(_ page: RenderedPage) {
        // Twice, as whoever sends it keeps it in a form of its own.
        let bytes = 2 * page.body.count + page.key.utf8.count + ReadLimits.pageOverheadBytes
        guard bytes <= library.maxPageBytes else { return }
        let added = state.withLock { state -> Int in
            guard !state.isClosed else { return 0 }
            let old = state.slots[page.key]
            if old == nil { state.ring.append(page.key) }
            state.slots[page.key] = Slot(page: page, bytes: bytes, targets: old?.targets ?? [])
            return bytes - (old?.bytes ?? 0)
        }
        note(added)
    }

    /// Remembers that a target means a page; of too many targets of one page the oldest goes.
    package func remember(target: [UInt8], for page: RenderedPage) {
        let hash = hash(of: target.span)
        let added = state.withLock { state -> Int in
            guard state.targets[hash]?.key != page.key, var slot = state.slots[page.key] else {
                return 0
            }
            var bytes = target.count + ReadLimits.pageOverheadBytes
            if slot.targets.count >= ReadLimits.maxTargetsPerPage {
                let oldest = slot.targets.removeFirst()
                if let known = state.targets[oldest], known.key == page.key {
                    state.targets[oldest] = nil
                    bytes -= known.bytes.count + ReadLimits.pageOverheadBytes
                }
            }
            // Another target of the same hash loses its place; it is found by its key.
            state.targets[hash] = Target(bytes: target, key: page.key)
            slot.targets.append(hash)
            slot.bytes += bytes
            state.slots[page.key] = slot
            return bytes
        }
        note(added)
    }

    /// Counts bytes that were made of a page and are kept with it.
    package func grow(_ page: RenderedPage, by bytes: Int) {
        let added = state.withLock { state -> Int in
            guard state.slots[page.key]?.page === page else { return 0 }
            state.slots[page.key]?.bytes += bytes
            return bytes
        }
        note(added)
    }

    /// Drops all pages and takes no more: the namespace goes.
    func close() {
        let freed = state.withLock { state -> Int in
            let bytes = state.slots.values.reduce(0) { $0 + $1.bytes }
            state = State()
            state.isClosed = true
            return bytes
        }
        note(-freed)
    }

    /// Drops the page that was not used since the hand of the clock passed it last.
    func giveUpOne() -> Int {
        let freed = state.withLock { state -> Int in
            while !state.ring.isEmpty {
                state.hand %= state.ring.count
                let key = state.ring[state.hand]
                if state.slots[key]?.isUsed == true {
                    state.slots[key]?.isUsed = false
                    state.hand += 1
                    continue
                }
                state.ring.swapAt(state.hand, state.ring.count - 1)
                state.ring.removeLast()
                guard let slot = state.slots.removeValue(forKey: key) else { continue }
                for target in slot.targets where state.targets[target]?.key == key {
                    state.targets[target] = nil
                }
                return slot.bytes
            }
            return 0
        }
        taken.subtract(freed, ordering: .relaxed)
        return freed
    }

    private func note(_ bytes: Int) {
        guard bytes != 0 else { return }
        taken.add(bytes, ordering: .relaxed)
        library.note(bytes)
    }

    private func hash(of target: borrowing Span<UInt8>) -> UInt64 {
        var hash = ByteHash(seed: seed)
        hash.combine(target)
        return hash.value
    }

    private static func isEqual(
        _ left: borrowing Span<UInt8>, _ right: borrowing Span<UInt8>
    ) -> Bool {
        guard left.count == right.count else { return false }
        for index in left.indices where left[index] != right[index] { return false }
        return true
    }
}
