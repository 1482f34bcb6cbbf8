import Hummingbird
import LMDB

/// The lookup of the bare server as a route of the HTTP framework, with nothing else on it.
@main
struct BenchRoute {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 3, let port = Int(arguments[2]) else {
            preconditionFailure("usage: bench-route DIRECTORY PORT")
        }
        let bodies = try Bodies(path: arguments[1])
        let router = Router(context: BasicRequestContext.self)
        router.get("**") { request, _ in
            guard let name = request.uri.path.split(separator: "/").last,
                let body = try bodies.body(String(name))
            else { throw HTTPError(.notFound) }
            return Response(
                status: .ok, headers: [.contentType: "application/json"],
                body: ResponseBody(byteBuffer: body))
        }
        try await Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: port))
        ).runService()
    }
}

/// The table that `fill` wrote.
struct Bodies: Sendable {
    private let environment: LMDB.Environment
    private let table: Table

    init(path: String) throws {
        environment = try LMDB.Environment(path: path, options: EnvironmentOptions())
        table = try environment.table("bodies", create: false)
    }

    /// The value of a name, copied once.
    func body(_ name: String) throws -> ByteBuffer? {
        let key = Array(name.utf8)
        return try environment.read(throwing: StorageError.self) {
            transaction throws(StorageError) in
            guard let value = try transaction.value(for: key.span, in: table) else { return nil }
            var buffer = ByteBuffer()
            buffer.writeBytes(value)
            return buffer
        }
    }
}
