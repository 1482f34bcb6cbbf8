import CatalogModel
import Foundation
import Yams

/// Reads the documents of a file of YAML or JSON.
enum DocumentReader {
    /// All documents of a file, or of standard input for `-`.
    ///
    /// The members of a list, and of the `items` of what a list printed, are documents of their own.
    /// Throws `CommandError` with the place where the text is none.
    static func documents(in file: String) throws -> [JSONValue] {
        let data =
            file == "-"
            ? try FileHandle.standardInput.readToEnd() : FileManager.default.contents(atPath: file)
        guard let data else { throw CommandError(.usage, "\(file) cannot be read") }
        return try documents(String(decoding: data, as: UTF8.self), file: file)
    }

    /// All documents of a text; `file` is for messages.
    static func documents(_ text: String, file: String) throws -> [JSONValue] {
        let found = try roots(text, file: file).flatMap { root in
            root.arrayValue ?? root["items"]?.arrayValue ?? [root]
        }
        for document in found where document.objectValue == nil {
            throw CommandError(.usage, "\(file): a document is a map, not \(document.encodedText)")
        }
        guard !found.isEmpty else { throw CommandError(.usage, "\(file) has no documents") }
        return found
    }

    private static func roots(_ text: String, file: String) throws -> [JSONValue] {
        if let value = try? JSONParser.parse(Array(text.utf8)) { return [value] }
        do {
            var nodes = try Yams.compose_all(yaml: text)
            var values: [JSONValue] = []
            while let node = nodes.next() { values.append(try value(node)) }
            // The sequence ends at an error and keeps it.
            if let error = nodes.error { throw error }
            return values.filter { !$0.isNull }
        } catch let error as CommandError {
            throw CommandError(.usage, "\(file): \(error.message)")
        } catch {
            throw CommandError(.usage, "\(file): \(error)")
        }
    }

    private static func value(_ node: Node) throws -> JSONValue {
        switch node {
        case .scalar(let scalar): return scalarValue(scalar)
        case .sequence(let sequence): return .array(try sequence.map { try value($0) })
        case .mapping(let mapping):
            var object = JSONObject()
            for (key, member) in mapping {
                guard case .scalar(let name) = key else {
                    throw CommandError(.usage, "a key is a text, not a list or map")
                }
                object[name.string] = try value(member)
            }
            return .object(object)
        case .alias:
            throw CommandError(.usage, "an alias leads nowhere")
        }
    }

    /// The core schema of YAML 1.2, in which a plain `yes` is a text.
    private static func scalarValue(_ scalar: Node.Scalar) -> JSONValue {
        guard scalar.style == .plain || scalar.style == .any else { return .string(scalar.string) }
        switch scalar.string {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        case let text: return JSONNumber(text: text).map { .number($0) } ?? .string(text)
        }
    }
}
