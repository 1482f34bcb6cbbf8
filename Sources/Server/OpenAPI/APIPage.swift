import CatalogModel

/// The page of documentation: one file, nothing from elsewhere, readable without a script.
enum APIPage {
    static func html(
        _ operations: [APIOperation], _ schemas: JSONObject, _ version: String
    ) -> String {
        var tags: [String] = []
        for operation in operations where !tags.contains(operation.tag) {
            tags.append(operation.tag)
        }
        let contents = tags.map { "<li><a href=\"#\(escaped($0))\">\(escaped($0))</a></li>" }
        let sections = tags.map { tag in
            let parts = operations.filter { $0.tag == tag }.map(section)
            return "<section id=\"\(escaped(tag))\"><h2>\(escaped(tag))</h2>\(parts.joined())"
                + "</section>"
        }
        let described = schemas.members.map { member in
            let text = String(decoding: member.value.encoded, as: UTF8.self)
            return "<details id=\"schema-\(escaped(member.key))\"><summary>"
                + "<code>\(escaped(member.key))</code></summary>"
                + "<pre>\(escaped(text))</pre></details>"
        }
        return """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>catalog-server \(escaped(version)): the HTTP interface</title>
            <style>\(style)</style>
            </head>
            <body>
            <header><h1>catalog-server \(escaped(version))</h1>
            <p>The HTTP interface. For machines: <a href="openapi.json">openapi.json</a>.</p>
            <nav><ul>\(contents.joined())</ul></nav></header>
            <main>\(sections.joined(separator: "\n"))
            <section id="schemas"><h2>Schemas</h2>\(described.joined())</section></main>
            </body>
            </html>

            """
    }

    private static func section(_ operation: APIOperation) -> String {
        let rows = operation.parameters.map { parameter in
            "<tr><td><code>\(escaped(parameter.name))</code></td>"
                + "<td>\(parameter.place.rawValue)</td>"
                + "<td>\(escaped(parameter.description))</td></tr>"
        }
        let table = rows.isEmpty ? "" : "<table>\(rows.joined())</table>"
        let answers = operation.answers.map { answer in
            "<li><b>\(answer.status)</b> \(escaped(answer.description))"
                + "\(reference(answer.schema))</li>"
        }
        let body = operation.body.map { body in
            "<p>Body: <code>\(escaped(body.mediaType))</code>\(reference(body.schema))</p>"
        }
        return "<details><summary><b>\(operation.method)</b> "
            + "<code>\(escaped(operation.path))</code> \(escaped(operation.summary))</summary>"
            + "\(table)\(body ?? "")<ul>\(answers.joined())</ul></details>"
    }

    /// A link to the schema that a body refers to.
    private static func reference(_ schema: JSONValue?) -> String {
        let one = schema?["anyOf"]?.arrayValue?.first ?? schema
        guard case .string(let target)? = one?["$ref"],
            let name = target.split(separator: "/").last.map(String.init)
        else { return "" }
        return " <a href=\"#schema-\(escaped(name))\">\(escaped(name))</a>"
    }

    private static func escaped(_ text: String) -> String {
        text.reduce(into: "") { result, character in
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.append(character)
            }
        }
    }

    private static let style = """
        :root{color-scheme:light dark;font-family:system-ui,sans-serif;line-height:1.4}
        body{margin:0 auto;max-width:70rem;padding:1rem}
        nav ul{display:flex;flex-wrap:wrap;gap:.5rem;list-style:none;padding:0}
        details{border-top:1px solid #8884;padding:.4rem 0}
        summary{cursor:pointer;overflow-wrap:anywhere}
        table{border-collapse:collapse;margin:.5rem 0}
        td{padding:.15rem .6rem .15rem 0;vertical-align:top}
        pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#8882;padding:.5rem}
        """
}
