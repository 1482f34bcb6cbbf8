import CatalogModel
import Testing

@testable import Server

@Suite("Posted forms")
struct MultipartFormTests {
    private static let type = "multipart/form-data; boundary=xyz"

    private static func form(_ text: String, _ type: String? = type) throws -> MultipartForm {
        try MultipartForm(Array(text.utf8), contentType: type)
    }

    private static let two =
        "--xyz\r\nContent-Disposition: form-data; name=\"config\"; filename=\"a;b.yaml\"\r\n"
        + "Content-Type: text/plain\r\n\r\ntype: yaml\r\n--not-it\r\n"
        + "\r\n--xyz\r\ncontent-disposition: form-data; name=empty\r\n\r\n\r\n--xyz--\r\n"

    @Test("parts come with their names and exact bytes")
    func parts() throws {
        let form = try Self.form(Self.two)
        #expect(try form["config"]?.text() == "type: yaml\r\n--not-it\r\n")
        #expect(try form["empty"]?.text() == "")
        #expect(form["other"] == nil)
    }

    @Test("the boundary may be quoted, and text may stand before the first part")
    func spellings() throws {
        let form = try Self.form(
            "preamble\r\n" + Self.two, "Multipart/Form-Data; charset=\"utf-8\"; boundary=\"xyz\"")
        #expect(form["config"] != nil)
    }

    @Test(
        "another media type or no boundary is refused",
        arguments: [
            nil, "", "application/json", "multipart/form-data", "multipart/form-data; boundary=",
            "multipart/mixed; boundary=xyz", "multipart/form-data; boundary=\"xyz",
        ])
    func types(_ type: String?) {
        #expect(throws: RequestError.badRequest("")) { try Self.form(Self.two, type) }
    }

    @Test("a form that breaks off anywhere is refused")
    func truncated() throws {
        let bytes = Array(Self.two.utf8)
        // Without the last line break it is complete.
        for count in 0..<(bytes.count - 2) {
            #expect(throws: RequestError.badRequest(""), "\(count) bytes") {
                try MultipartForm(Array(bytes.prefix(count)), contentType: Self.type)
            }
        }
        _ = try MultipartForm(Array(bytes.dropLast(2)), contentType: Self.type)
    }

    @Test("more parts than anybody needs are refused")
    func tooMany() {
        let part = "--xyz\r\nContent-Disposition: form-data; name=a\r\n\r\nb\r\n"
        let body = String(repeating: part, count: ServerLimits.formParts + 1) + "--xyz--\r\n"
        #expect(throws: RequestError.badRequest("")) { try Self.form(body) }
    }

    @Test("bytes that are no text are refused as text")
    func notText() throws {
        let head = Array("--xyz\r\nContent-Disposition: form-data; name=a\r\n\r\n".utf8)
        let form = try MultipartForm(
            head + [0xFF, 0xFE] + Array("\r\n--xyz--".utf8), contentType: Self.type)
        let part = try #require(form["a"])
        #expect(Array(part.bytes) == [0xFF, 0xFE])
        #expect(throws: RequestError.badRequest("")) { try part.text() }
    }
}
