SELECT people_1.locale,
array((SELECT row(posts_1.role, organisations_1.id, organisations_1.legal_name) AS row_1 
FROM posts AS posts_1
LEFT OUTER
JOIN organisations AS organisations_1 ON organisations_1.id = posts_1.organisation_id 
WHERE posts_1.person_id = $1::UUID AND posts_1.person_id = people_1.id
ORDER BY posts_1.id ASC, posts_1.id 

LIMIT 50)) AS array_1,
array((SELECT row(clients_1.name, organisations_2.id, organisations_2.legal_name, array_to_string(consents_1.scopes, ' '), consents_1.withdrawn_at, (SELECT max(grants.last_used_at) AS max_1 
FROM grants 
WHERE grants.consent_id = consents_1.id)) AS row_2 
FROM consents AS consents_1
JOIN clients AS clients_1 ON clients_1.id = consents_1.client_id
LEFT OUTER
JOIN organisations AS organisations_2 ON organisations_2.id = clients_1.organisation_id 
WHERE consents_1.person_id = $2::UUID AND consents_1.person_id = people_1.id
ORDER BY consents_1.id DESC 

LIMIT $3::INTEGER)) AS array_2,
array((SELECT row(browser_sessions_1.device, browser_sessions_1.methods) AS row_3 
FROM browser_sessions AS browser_sessions_1 
WHERE browser_sessions_1.person_id = $4::UUID AND browser_sessions_1.ended_at IS NULL AND browser_sessions_1.expires_at > now() AND browser_sessions_1.person_id = people_1.id
ORDER BY browser_sessions_1.created_at DESC, browser_sessions_1.id DESC 

LIMIT $5::INTEGER)) AS array_3 
FROM people AS people_1 
WHERE people_1.id = $6::UUID AND people_1.id = $7::UUID 

LIMIT 1;
