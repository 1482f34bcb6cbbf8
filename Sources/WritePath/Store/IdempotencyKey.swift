import CatalogModel
import Postgres

/// A client's key with the digest of its request, and the answer that is stored for both.
struct IdempotencyKey {
    let key: String
    let digest: [UInt8]
    let namespace: Namespace

    /// Takes the key of a request, if it has one; throws `.badRequest` for one that is malformed.
    init?(_ context: WriteContext) throws(RequestError) {
        guard let key = context.idempotencyKey else { return nil }
        let isPrintable = key.utf8.allSatisfy { (0x20...0x7E).contains($0) }
        guard !key.isEmpty, key.utf8.count <= WriteLimits.idempotencyKeyBytes, isPrintable else {
            throw .badRequest(
                "Idempotency-Key must be 1 to \(WriteLimits.idempotencyKeyBytes) printable "
                    + "ASCII characters")
        }
        precondition(!context.requestDigest.isEmpty, "a request with a key has a digest")
        self.key = key
        digest = context.requestDigest
        namespace = context.namespace
    }

    /// Claims the key, or waits for the transaction that has; then reads who it belongs to.
    var claim: [Query] {
        let identity: [Parameter] = [.text(namespace.name), .text(key)]
        let lifetime = Parameter.int8(WriteLimits.idempotencyLifetime.components.seconds)
        return [
            Query(IdempotencyKey.insert, identity + [.bytes(digest), lifetime]),
            Query(IdempotencyKey.select, identity),
        ]
    }

    /// Gives up keys that were claimed in this transaction for writes that failed.
    static func release(_ keys: [IdempotencyKey], in namespace: Namespace) -> Query {
        Query(delete, [.text(namespace.name), .textArray(keys.map(\.key))])
    }

    /// Stores the answer with the key.
    func store(_ response: WriteResponse) -> Query {
        var headers: JSONObject = ["changed": .bool(response.changed)]
        headers["etag"] = response.tag.map { .string($0.description) }
        headers["location"] = response.location.map { .string($0) }
        return Query(
            IdempotencyKey.update,
            [
                .text(namespace.name), .text(key), .int8(Int64(response.status.rawValue)),
                .json(JSONValue.object(headers).encodedText), .bytes(response.body),
            ])
    }

    /// The stored answer, or nil if the claim succeeded; throws when the key served another request.
    func storedAnswer(_ claimed: Rows, _ row: Rows, head: NamespaceHead) throws -> WriteResponse? {
        guard claimed.isEmpty else { return nil }
        guard !row.isEmpty, let number = try row.optionalInt64(0, 1),
            let status = WriteResponse.Status(rawValue: Int(number))
        else { throw PostgresError(.decoding, "the idempotency key has no answer") }
        guard try row.bytes(0, 0) == digest else {
            throw RequestError.unprocessable(
                "Idempotency-Key was used for another request",
                details: ["code": "idempotency_key_reused"])
        }
        let headers = try? JSONParser.parse(try row.optionalBytes(0, 2) ?? [])
        return WriteResponse(
            status: status, body: try row.optionalBytes(0, 3) ?? [],
            tag: headers?["etag"]?.stringValue.flatMap { EntityTag($0) },
            location: headers?["location"]?.stringValue, head: head,
            changed: headers?["changed"]?.boolValue ?? true, replayed: true)
    }

    /// Takes over a key that has expired but not been removed yet.
    private static let insert: Statement = """
        INSERT INTO idempotency_keys AS k (namespace, key, request_digest) VALUES ($1, $2, $3)
        ON CONFLICT (namespace, key) DO UPDATE
        SET request_digest = EXCLUDED.request_digest, status = NULL, headers = NULL, body = NULL,
            created_at = clock_timestamp()
        WHERE k.created_at < clock_timestamp() - $4::bigint * interval '1 second'
        RETURNING 1
        """
    private static let select: Statement = """
        SELECT request_digest, status, headers::text, body FROM idempotency_keys
        WHERE namespace = $1 AND key = $2
        """
    private static let update: Statement = """
        UPDATE idempotency_keys SET status = $3::int, headers = $4::jsonb, body = $5
        WHERE namespace = $1 AND key = $2
        """
    private static let delete: Statement = """
        DELETE FROM idempotency_keys WHERE namespace = $1 AND key = ANY ($2::text[])
        """
    static let deleteExpired: Statement = """
        DELETE FROM idempotency_keys WHERE (namespace, key) IN (
            SELECT namespace, key FROM idempotency_keys
            WHERE created_at < clock_timestamp() - $1::bigint * interval '1 second'
            LIMIT $2::bigint FOR UPDATE SKIP LOCKED)
        """
}
