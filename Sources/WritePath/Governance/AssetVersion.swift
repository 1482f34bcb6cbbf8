package import CatalogModel

/// A named state of an asset, which environments are bound to.
package struct AssetVersion: Sendable, Hashable {
    /// `label:` and eight hexadecimal digits.
    package let id: String
    package let label: String
    package let createdAtMs: Int64
    package let createdBy: String
    /// Of the entity's document at that time; nil where there was no entity.
    package let contentDigest: String?
    package let provenance: JSONObject?

    /// The version as clients get it.
    package var json: JSONValue {
        var json: JSONObject = [
            "versionId": .string(id), "versionLabel": .string(label),
            "createdAt": .string(Timestamp(ms: createdAtMs).description),
            "createdBy": .string(createdBy),
        ]
        json["contentDigest"] = contentDigest.map { .string($0) }
        json["provenance"] = provenance.map { .object($0) }
        return .object(json)
    }
}

/// Which version of an asset an environment has.
package struct VersionBinding: Sendable, Hashable {
    package let environment: String
    package let versionID: String
    package let boundAtMs: Int64
    package let boundBy: String
    package let previousVersionID: String?

    /// The binding as clients get it.
    package var json: JSONObject {
        var json: JSONObject = [
            "environment": .string(environment), "versionId": .string(versionID),
            "boundAt": .string(Timestamp(ms: boundAtMs).description),
            "boundBy": .string(boundBy),
        ]
        json["previousVersionId"] = previousVersionID.map { .string($0) }
        return json
    }
}

/// What the catalog held of an asset when a version was made.
struct AssetSnapshot {
    let digest: String
    let document: JSONObject
    let provenance: JSONObject

    static let columns = """
        e.source, e.doc::text, encode(sha256(convert_to(e.doc::text, 'UTF8')), 'hex'), e.revision,
        floor(extract(epoch FROM e.updated_at) * 1000)::bigint, c.type,
        COALESCE(c.properties->>'repoUrl', c.properties->>'url', c.properties->>'yamlCatalogPath',
            c.properties->>'path', '')
        """
}
