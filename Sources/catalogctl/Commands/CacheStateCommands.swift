import ArgumentParser
import CatalogClient
import CatalogModel

/// Has each replica compare what it has cached with the store.
struct CacheVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Has each replica compare its cache of the namespace with the store.",
        discussion: """
            Every byte that could be served is checked, then digests and counts are compared at one \
            revision. A cache that is found wrong answers nothing any more and is loaded again.
            Exit codes: 0 nothing is wrong; 1 a cache is; 3 a replica could not be asked, or could \
            not compare.
            """)

    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await common.session { session in
            let (rows, failure) = try await session.rows { server in
                try await session.json(.get("/api/cache/v1alpha1/verify"), from: server)
            }
            session.show(
                .object(["servers": .array(rows)]), rows: rows.flatMap(Self.lines),
                [
                    .init("server", "server"), .init("status", "status"),
                    .init("revision", "revision"), .init("collection", "collection"),
                    .init("entities", "entityCount"), .init("stored", "storedEntityCount"),
                    .init("equal", "equal"), .init("reason", "reason"),
                ])
            if rows.contains(where: { $0["valid"]?.boolValue == false }) {
                throw ExitStatus.failed.code
            }
            if let failure { throw failure.code }
        }
    }

    /// A line for the replica, and one for each collection that it has cached.
    private static func lines(_ row: JSONValue) -> [JSONValue] {
        let collections = row["collections"]?.arrayValue ?? []
        guard !collections.isEmpty else { return [row] }
        return collections.map { collection in
            var line = collection.objectValue ?? JSONObject()
            let name = [collection["plugin"], collection["kind"]].compactMap { $0?.stringValue }
            line["collection"] = .string(name.joined(separator: "/"))
            for key in ["server", "status"] { line[key] = row[key] }
            return .object(line)
        }
    }
}

/// Has each replica drop what it has cached, so that it is loaded again.
struct CacheEvict: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evict",
        abstract: "Drops the namespace's cache of each replica; the next reads load it again.",
        discussion: """
            Until then reads are answered by the store. Needs the role operator. Exit codes: 0 done; \
            1 a replica refused; 3 one could not be asked.
            """)

    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await common.session { session in
            let (rows, failure) = try await session.rows { server in
                try await session.json(
                    CatalogRequest("POST", "/api/cache/v1alpha1/evict"), from: server)
            }
            session.show(
                .object(["servers": .array(rows)]), rows: rows,
                [
                    .init("server", "server"), .init("status", "status"),
                    .init("bytes", "bytes"), .init("reason", "reason"),
                ])
            if let failure { throw failure.code }
        }
    }
}

extension ControlSession {
    /// What each server says, with its address, and the worst of what went wrong.
    ///
    /// A server that refuses or cannot be asked has a row that says so; the others are asked still.
    func rows(
        _ ask: (_ server: String) async throws -> JSONValue
    ) async throws -> ([JSONValue], ExitStatus?) {
        var rows: [JSONValue] = []
        var failure: ExitStatus?
        for server in client.servers {
            var row: JSONObject = ["server": .string(server)]
            do {
                for member in try await ask(server).objectValue?.members ?? [] {
                    row[member.key] = member.value
                }
            } catch let error as CommandError {
                failure = failure == .unreachable ? failure : error.status
                row["status"] = error.status == .unreachable ? "unavailable" : "refused"
                row["reason"] = .string(error.message)
            } catch let error as ClientError where error.code != .address {
                failure = .unreachable
                row["status"] = "unreachable"
                row["reason"] = .string(error.message)
            }
            rows.append(.object(row))
        }
        return (rows, failure)
    }
}
