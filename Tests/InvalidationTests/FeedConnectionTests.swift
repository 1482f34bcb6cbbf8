import CatalogModel
import Invalidation
import Synchronization
import TestSupport
import Testing

/// What every feed has to keep when the way to what it reads from breaks.
@Suite("Every change feed whose connection breaks", .timeLimit(.minutes(3)), .manyTurns)
struct FeedConnectionTests {
    typealias Kind = FeedSite.Kind

    private func codes(of site: FeedSite, _ namespace: Namespace) async -> [FeedError.Code?] {
        func code(_ call: () async throws(FeedError) -> Void) async -> FeedError.Code? {
            do throws(FeedError) {
                try await call()
                return nil
            } catch {
                return error.code
            }
        }
        let feed = site.feed
        return [
            await code { () throws(FeedError) in _ = try await feed.readHeads(of: [namespace]) },
            await code { () throws(FeedError) in _ = try await feed.readHeads(of: []) },
            await code { () throws(FeedError) in
                _ = try await feed.changes(in: namespace, after: .zero)
            },
            await code { () throws(FeedError) in
                _ = try await feed.copy(.servers, in: namespace) { _ in }
            },
            await code { () throws(FeedError) in
                _ = try await feed.log(in: namespace, after: .zero)
            },
        ]
    }

    @Test(
        "says so by every call and signal, and is there again by itself", arguments: Kind.allCases)
    func refused(_ kind: Kind) async throws {
        let site = try await FeedSite.make(kind)
        let namespace = try site.namespace()
        try await site.put(1...3, in: namespace)
        try await site.settle(namespace)
        try await site.signal("hearing") { if case .hearing = $0 { true } else { false } }
        let before = site.signals.count
        site.relay.mode = .refuse
        site.relay.cut()
        let lost = try await site.signal(from: before, "the loss of the connection") {
            if case .disconnected = $0 { true } else { false }
        }
        for code in await codes(of: site, namespace) { #expect(code == .storeUnavailable) }
        try await site.put(1...3, "meanwhile", in: namespace)
        #expect(
            !site.signals.dropFirst(lost).contains { signal in
                switch signal {
                case .connected, .hearing, .hint: true
                default: false
                }
            })
        site.relay.mode = .pass
        let connected = try await site.signal(from: lost, "the connection") {
            if case .connected = $0 { true } else { false }
        }
        try await site.signal(from: connected - 1, "hearing") {
            if case .hearing = $0 { true } else { false }
        }
        for code in await codes(of: site, namespace) { #expect(code == nil) }
        try await site.settle(namespace)
        await site.stop()
    }

    @Test("takes a connection that brings nothing for a dead one", arguments: Kind.allCases)
    func silent(_ kind: Kind) async throws {
        let site = try await FeedSite.make(kind)
        try await site.signal("hearing") { if case .hearing = $0 { true } else { false } }
        let before = site.signals.count
        site.relay.mode = .blackhole
        let noticed = try await site.signal(from: before, "that nothing comes") {
            switch $0 {
            case .deaf, .disconnected: true
            default: false
            }
        }
        site.relay.cut()
        site.relay.mode = .pass
        let connected = try await site.signal(from: noticed, "another connection") {
            if case .connected = $0 { true } else { false }
        }
        try await site.signal(from: connected - 1, "hearing") {
            if case .hearing = $0 { true } else { false }
        }
        await site.stop()
    }

    @Test("never takes a part of a copy for the whole", arguments: Kind.allCases)
    func brokenCopy(_ kind: Kind) async throws {
        let site = try await FeedSite.make(kind)
        let namespace = try site.namespace()
        // More than the buffers on the way hold.
        try await site.put(1...4_000, String(repeating: "text ", count: 1_000), in: namespace)
        try await site.settle(namespace)
        let taken = Mutex(0)
        let relay = site.relay
        let error = await #expect(throws: FeedError.self) {
            try await site.feed.copy(.servers, in: namespace) { rows in
                taken.withLock { $0 += rows.count }
                relay.cut()
            }
        }
        #expect(error?.code == .storeUnavailable)
        let count = taken.withLock { $0 }
        #expect(count > 0 && count < 4_000, "\(count) rows came before it broke")
        let again = Mutex(0)
        let snapshot = try await eventually("another copy") {
            again.withLock { $0 = 0 }
            return try? await site.feed.copy(.servers, in: namespace) { rows in
                again.withLock { $0 += rows.count }
            }
        }
        #expect(snapshot.collection?.entityCount == 4_000)
        #expect(again.withLock { $0 } == 4_000)
        await site.stop()
    }

    @Test("passes hints on, and ends its signals when it is stopped", arguments: Kind.allCases)
    func hints(_ kind: Kind) async throws {
        let site = try await FeedSite.make(kind)
        let namespace = try site.namespace()
        try await site.put(1...1, in: namespace)
        try await site.settle(namespace)
        try await site.signal("hearing") { if case .hearing = $0 { true } else { false } }
        for round in 1...5 {
            let before = site.signals.count
            try await site.put(1...1, "round \(round)", in: namespace)
            let head = try await site.head(namespace)
            let hint = Hint(epoch: head.epoch, namespace: namespace, revision: head.revision)
            try await site.run("SELECT pg_notify('catalog_changes', '\(hint.payload)')")
            try await site.signal(from: before, "the hint of round \(round)") {
                if case .hint(hint) = $0 { true } else { false }
            }
        }
        // Returns only after the signals have ended.
        await site.stop()
    }
}
