import CatalogModel

/// The operations of the console.
extension APIOperation {
    static var console: [APIOperation] {
        let files = ConsoleFile.allCases.map { file in
            APIOperation(
                method: "GET", path: file.path, tag: "console",
                summary: file == .page ? "The console" : "A part of the console's page",
                answers: [
                    Answer(
                        status: 200, description: "The file", mediaType: file.mediaType,
                        schema: APISchemas.string)
                ], failures: .none)
        }
        let live = APIOperation(
            method: "GET", path: "/ui/events", tag: "console",
            summary: "What the console shows, once or as a stream",
            parameters: APIParameter.namespaces,
            answers: [
                .json("What there is to see", APISchemas.reference("ConsoleView")),
                Answer(
                    status: 200, description: "The same as events, about once a second",
                    mediaType: "text/event-stream", schema: APISchemas.string),
            ], failures: .follow)
        return files + [live]
    }
}
