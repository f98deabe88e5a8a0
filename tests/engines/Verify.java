import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.security.PublicKey;
import java.security.cert.CertificateFactory;
import java.util.HashMap;
import java.util.Map;
import javax.crypto.spec.SecretKeySpec;
import javax.xml.crypto.KeySelector;
import javax.xml.crypto.dsig.XMLSignature;
import javax.xml.crypto.dsig.XMLSignatureFactory;
import javax.xml.crypto.dsig.dom.DOMValidateContext;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** Verifies XML signatures with the JDK: lines of key file (certificate or raw HMAC key), tab, message file. */
public class Verify {
    static final String DS = "http://www.w3.org/2000/09/xmldsig#";
    static final String UTILITY =
        "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";

    static KeySelector key(String file) throws Exception {
        byte[] raw = Files.readAllBytes(new File(file).toPath());
        if (!file.endsWith(".der")) {
            return KeySelector.singletonKeySelector(new SecretKeySpec(raw, "HMAC"));
        }
        PublicKey of = CertificateFactory.getInstance("X.509")
            .generateCertificate(new ByteArrayInputStream(raw)).getPublicKey();
        return KeySelector.singletonKeySelector(of);
    }

    public static void main(String[] arguments) throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setNamespaceAware(true);
        DocumentBuilder builder = factory.newDocumentBuilder();
        builder.setErrorHandler(null);
        XMLSignatureFactory signatureFactory = XMLSignatureFactory.getInstance("DOM");
        Map<String, KeySelector> keys = new HashMap<>();
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] files = line.split("\t");
            if (!keys.containsKey(files[0])) {
                keys.put(files[0], key(files[0]));
            }
            KeySelector key = keys.get(files[0]);
            String verdict;
            try {
                Document document = builder.parse(new File(files[1]));
                NodeList signatures = document.getElementsByTagNameNS(DS, "Signature");
                DOMValidateContext context = new DOMValidateContext(key, signatures.item(0));
                context.setProperty("org.jcp.xml.dsig.secureValidation", Boolean.FALSE);
                NodeList all = document.getElementsByTagNameNS("*", "*");
                for (int j = 0; j < all.getLength(); j++) {
                    Element element = (Element) all.item(j);
                    if (element.hasAttributeNS(UTILITY, "Id")) {
                        context.setIdAttributeNS(element, UTILITY, "Id");
                    }
                    for (String name : new String[] {"ID", "AssertionID"}) {
                        if (element.hasAttribute(name)) {
                            context.setIdAttributeNS(element, null, name);
                        }
                    }
                }
                XMLSignature signature = signatureFactory.unmarshalXMLSignature(context);
                verdict = signature.validate(context) ? "valid" : "invalid";
            } catch (Exception error) {
                verdict = "invalid";
            }
            System.out.println(new File(files[1]).getName() + " " + verdict);
            System.out.flush();
        }
    }
}
