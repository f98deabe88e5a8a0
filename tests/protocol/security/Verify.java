import java.io.File;
import java.nio.file.Files;
import java.security.PublicKey;
import java.security.cert.CertificateFactory;
import javax.crypto.spec.SecretKeySpec;
import javax.xml.crypto.KeySelector;
import javax.xml.crypto.dsig.XMLSignature;
import javax.xml.crypto.dsig.XMLSignatureFactory;
import javax.xml.crypto.dsig.dom.DOMValidateContext;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** Verifies XML signatures with the JDK: KEY (a certificate or a raw HMAC key), then files; one verdict per line. */
public class Verify {
    static final String DS = "http://www.w3.org/2000/09/xmldsig#";
    static final String UTILITY =
        "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";

    public static void main(String[] arguments) throws Exception {
        byte[] raw = Files.readAllBytes(new File(arguments[0]).toPath());
        KeySelector key;
        if (arguments[0].endsWith(".der")) {
            PublicKey of = CertificateFactory.getInstance("X.509")
                .generateCertificate(new java.io.ByteArrayInputStream(raw)).getPublicKey();
            key = KeySelector.singletonKeySelector(of);
        } else {
            key = KeySelector.singletonKeySelector(new SecretKeySpec(raw, "HMAC"));
        }
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setNamespaceAware(true);
        for (int i = 1; i < arguments.length; i++) {
            String verdict;
            try {
                Document document = factory.newDocumentBuilder().parse(new File(arguments[i]));
                NodeList signatures = document.getElementsByTagNameNS(DS, "Signature");
                DOMValidateContext context = new DOMValidateContext(key, signatures.item(0));
                context.setProperty("org.jcp.xml.dsig.secureValidation", Boolean.FALSE);
                NodeList all = document.getElementsByTagNameNS("*", "*");
                for (int j = 0; j < all.getLength(); j++) {
                    Element element = (Element) all.item(j);
                    if (element.hasAttributeNS(UTILITY, "Id")) {
                        context.setIdAttributeNS(element, UTILITY, "Id");
                    }
                    if (element.hasAttribute("ID")) {
                        context.setIdAttributeNS(element, null, "ID");
                    }
                }
                XMLSignature signature = XMLSignatureFactory.getInstance("DOM").unmarshalXMLSignature(context);
                verdict = signature.validate(context) ? "valid" : "invalid";
            } catch (Exception error) {
                verdict = "invalid";
            }
            System.out.println(new File(arguments[i]).getName() + " " + verdict);
        }
    }
}
