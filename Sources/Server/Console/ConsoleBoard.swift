import CatalogModel
import ReadPath
import WritePath

/// What the store and the caches say of a namespace, read once for all who watch it, and only while
/// somebody does.
actor ConsoleBoard {
    /// A part of the console: what is shown, or why nothing is.
    enum Section: Sendable, Hashable {
        case items([JSONValue])
        /// The caller lacks this right.
        case refused(AccessAction)
        case problem(String)
        /// The server does not have it.
        case off

        var json: JSONValue {
            switch self {
            case .items(let items): ["items": .array(items)]
            case .refused(let action): ["refused": .string(action.description)]
            case .problem(let text): ["problem": .string(text)]
            case .off: ["off": true]
            }
        }
    }

    /// The sections of one namespace at one moment.
    struct Page: Sendable {
        var replicas = Section.off
        var jobs = Section.off
        var audit = Section.off
        var caches: [ConsoleCaches.Row] = []
        var cacheBytes = 0
    }

    private struct Entry {
        let began: ContinuousClock.Instant
        let reading: Task<Page, Never>
    }

    private let records: ConsoleRecords
    /// Nil where there are no jobs.
    private let queue: JobQueue?
    private let caches: ConsoleCaches
    private var entries: [Namespace: Entry] = [:]

    init(records: ConsoleRecords, queue: JobQueue?, caches: ConsoleCaches) {
        self.records = records
        self.queue = queue
        self.caches = caches
    }

    /// The page, at most `consoleStoreInterval` and one read old.
    func page(of namespace: Namespace) async -> Page {
        let now = ContinuousClock.now
        if let entry = entries[namespace],
            entry.began.duration(to: now) < ServerLimits.consoleStoreInterval
        {
            return await entry.reading.value
        }
        entries = entries.filter {
            $0.value.began.duration(to: now) < ServerLimits.consoleStoreInterval * 4
        }
        // A task of its own: it must not end with the listener that happened to come first.
        let reading = Task { await self.read(namespace) }
        entries[namespace] = Entry(began: now, reading: reading)
        return await reading.value
    }

    private func read(_ namespace: Namespace) async -> Page {
        let (records, queue) = (records, queue)
        async let replicas = Self.section { try await records.replicas(in: namespace).map(\.json) }
        async let audit = Self.section { try await records.auditTail(of: namespace) }
        var page = Page()
        if let queue {
            page.jobs = await Self.section {
                try await queue.list(namespace, pageSize: ServerLimits.consoleRows).jobs.map(\.json)
            }
        }
        page.caches = caches.rows(first: namespace)
        page.cacheBytes = caches.directory.usedBytes
        page.replicas = await replicas
        page.audit = await audit
        return page
    }

    private static func section(_ read: () async throws -> [JSONValue]) async -> Section {
        do {
            return .items(try await read())
        } catch {
            // The reason may name hosts; it is in the log of whoever else met it.
            return .problem("the store did not answer")
        }
    }
}
