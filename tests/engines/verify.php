<?php
// Verifies XML signatures as PHP clients do: lines of key file (certificate or raw HMAC key), tab, message file.
$utility = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd';
$dsig = 'http://www.w3.org/2000/09/xmldsig#';
while (($line = fgets(STDIN)) !== false) {
    [$key, $path] = explode("\t", trim($line));
    $document = new DOMDocument();
    $document->load($path);
    $xpath = new DOMXPath($document);
    $xpath->registerNamespace('ds', $dsig);
    $xpath->registerNamespace('ec', 'http://www.w3.org/2001/10/xml-exc-c14n#');
    $xpath->registerNamespace('u', $utility);
    $signature = $xpath->query('//ds:Signature')->item(0);
    $info = $xpath->query('ds:SignedInfo', $signature)->item(0);
    $hash = fn($algorithm) => str_ends_with($algorithm, 'sha256') ? 'sha256' : 'sha1';
    $list = function ($element) use ($xpath) {
        $prefixes = trim($xpath->evaluate('string(ec:InclusiveNamespaces/@PrefixList)', $element));
        return $prefixes === '' ? null : explode(' ', $prefixes);
    };
    $form = function ($node, $method) use ($list) {
        $inclusive = $method === null || str_contains($method->getAttribute('Algorithm'), 'REC-xml-c14n');
        return $node->C14N(!$inclusive, false, null, $inclusive ? null : $list($method));
    };
    $method = $xpath->query('ds:CanonicalizationMethod', $info)->item(0);
    $bytes = $form($info, $method);
    $value = base64_decode($xpath->evaluate('string(ds:SignatureValue)', $signature));
    $named = $xpath->evaluate('string(ds:SignatureMethod/@Algorithm)', $info);
    $raw = file_get_contents($key);
    $valid = $value !== '' && (str_contains($named, 'hmac')
        ? hash_hmac($hash($named), $bytes, $raw, true) === $value
        : openssl_verify($bytes, $value, $raw, $hash($named)) === 1);
    $references = [];
    foreach ($xpath->query('ds:Reference', $info) as $reference) { $references[] = $reference; }
    $enveloped = false;
    foreach ($references as $reference) {
        $id = substr($reference->getAttribute('URI'), 1);
        $found = $xpath->query("//*[@u:Id='$id' or @ID='$id' or @AssertionID='$id']");
        if ($found->length != 1) { $valid = false; continue; }
        $transforms = $xpath->query('ds:Transforms/ds:Transform', $reference);
        $last = $transforms->length ? $transforms->item($transforms->length - 1) : null;
        $digest = $hash($xpath->evaluate('string(ds:DigestMethod/@Algorithm)', $reference));
        $stated = base64_decode($xpath->evaluate('string(ds:DigestValue)', $reference));
        foreach ($transforms as $transform) {
            if (str_ends_with($transform->getAttribute('Algorithm'), '#enveloped-signature')) {
                $signature->parentNode->removeChild($signature);
            }
        }
        $valid = $valid && hash($digest, $form($found->item(0), $last), true) === $stated;
    }
    echo basename($path), ' ', $valid ? 'valid' : 'invalid', "\n";
}
